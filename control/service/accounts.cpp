#include "control/service/accounts.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include "control/service/text.h"

namespace pollux::control {
namespace {

// More than any entry of a user or group database that is worth reading.
constexpr std::size_t kEntrySize = 65536;
constexpr int kMostGroups = 65536;  // of a user, NGROUPS_MAX

std::vector<gid_t> groups_of(const char* name, gid_t first) {
  std::vector<gid_t> groups(64);
  auto count = static_cast<int>(groups.size());
  while (getgrouplist(name, first, groups.data(), &count) < 0 && count <= kMostGroups)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

std::expected<User, std::string> find_user(const std::string& name, std::string_view key) {
  std::vector<char> memory(kEntrySize);
  passwd entry{};
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr)
    return std::unexpected{fmt::format("{}: there is no user '{}'", key, printable(name))};
  return User{.name = name,
              .uid = entry.pw_uid,
              .gid = entry.pw_gid,
              .groups = groups_of(name.c_str(), entry.pw_gid)};
}

std::expected<gid_t, std::string> find_group(const std::string& name, std::string_view key) {
  std::vector<char> memory(kEntrySize);
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr)
    return std::unexpected{fmt::format("{}: there is no group '{}'", key, printable(name))};
  return entry.gr_gid;
}

}  // namespace pollux::control
