#include "control/keys/key_access.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "control/service/text.h"

namespace pollux::control {
namespace {

// More than any entry of a user or group database that is worth reading.
constexpr std::size_t kEntrySize = 65536;

std::optional<uid_t> user_id(const std::string& name) {
  std::vector<char> memory(kEntrySize);
  passwd entry{};
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  return found != nullptr ? std::optional{found->pw_uid} : std::nullopt;
}

std::optional<gid_t> group_id(const std::string& name) {
  std::vector<char> memory(kEntrySize);
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  return found != nullptr ? std::optional{found->gr_gid} : std::nullopt;
}

}  // namespace

std::expected<KeyAccess, std::string> key_access(const Config& config) {
  KeyAccess access{.owners = {0, geteuid()}};
  if (!config.ke.user.empty()) {
    const auto user = user_id(config.ke.user);
    if (!user)
      return std::unexpected{
          fmt::format("ke.user: there is no user '{}'", printable(config.ke.user))};
    access.owners.push_back(*user);
  }
  if (!config.nts.key_group.empty()) {
    access.group = group_id(config.nts.key_group);
    if (!access.group)
      return std::unexpected{
          fmt::format("nts.key_group: there is no group '{}'", printable(config.nts.key_group))};
  }
  return access;
}

}  // namespace pollux::control
