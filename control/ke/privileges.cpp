#include "control/ke/privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "control/service/text.h"

namespace pollux::ke {

namespace {

// More than any entry of a user database that is worth reading.
constexpr std::size_t kEntrySize = 65536;

std::unexpected<std::string> failure(std::string_view what) {
  return std::unexpected{fmt::format("cannot {}: {}", what, control::error_text(errno))};
}

// Every capability that the kernel knows; it says EINVAL to the first that it does not.
bool empty_bounding_set() {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
       ++capability) {
    if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 &&
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return false;
  }
  return true;
}

bool drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
         ::syscall(SYS_capset, &header, none.data()) == 0;
}

}  // namespace

std::expected<void, std::string> allow_descriptors(std::size_t needed) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return failure("read the limit of descriptors");
  if (limit.rlim_cur >= needed) return {};
  const rlimit wanted{.rlim_cur = needed, .rlim_max = std::max<rlim_t>(limit.rlim_max, needed)};
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return {};
  return std::unexpected{
      fmt::format("ke.connections needs {} descriptors, the limit of this process is {}: raise it "
                  "(LimitNOFILE= of systemd, ulimit -n) or lower ke.connections",
                  needed, limit.rlim_max)};
}

std::expected<void, std::string> become_user(const std::string& name) {
  std::vector<char> memory(kEntrySize);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr) {
    return std::unexpected{fmt::format("ke.user: there is no user '{}'", control::printable(name))};
  }
  // While the right to it is still there; what the user has not, the bounding set cannot give back.
  if (!empty_bounding_set()) return failure("empty the bounding set of capabilities");
  if (::initgroups(name.c_str(), entry.pw_gid) != 0 || ::setgid(entry.pw_gid) != 0 ||
      ::setuid(entry.pw_uid) != 0)
    return failure(fmt::format("become the user {}", control::printable(name)));
  return {};
}

std::expected<void, std::string> give_up_privileges() {
  // Without the right to (nobody's but root's) there is nothing to be emptied that execve(2) gives:
  // PR_SET_NO_NEW_PRIVS sees to that.
  static_cast<void>(empty_bounding_set());
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("set PR_SET_NO_NEW_PRIVS");
  if (!drop_capabilities()) return failure("drop all capabilities");
  if (::setrlimit(RLIMIT_CORE, &kNone) != 0) return failure("forbid core files");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure("set PR_SET_DUMPABLE");
  return {};
}

}  // namespace pollux::ke
