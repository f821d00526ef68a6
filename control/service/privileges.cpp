#include "control/service/privileges.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "control/service/every_thread.h"
#include "control/service/text.h"

namespace pollux::control {

namespace {

using CapabilityWords = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

struct CapabilityName {
  std::string_view name;
  unsigned number;
};
constexpr std::array<CapabilityName, 2> kNames{
    {{"cap_net_admin", CAP_NET_ADMIN}, {"cap_net_bind_service", CAP_NET_BIND_SERVICE}}};

const CapabilityName& entry_of(Capability capability) {
  return kNames.at(static_cast<std::size_t>(capability));
}

std::unexpected<std::string> failure(std::string_view what, int error) {
  return std::unexpected{fmt::format("cannot {}: {}", what, error_text(error))};
}

__user_cap_header_struct this_thread() {
  return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

CapabilityWords present_words() {
  auto header = this_thread();
  CapabilityWords words{};
  ::syscall(SYS_capget, &header, words.data());
  return words;
}

// Those of `wanted` that this thread has.
CapabilityWords words_of(const std::vector<Capability>& wanted) {
  const CapabilityWords had = present_words();
  CapabilityWords words{};
  for (const Capability capability : wanted) {
    const unsigned number = entry_of(capability).number;
    const unsigned bit = had.at(number / 32).permitted & (1U << number % 32);
    words.at(number / 32).effective |= bit;
    words.at(number / 32).permitted |= bit;
  }
  return words;
}

// All that a thread does, worked out beforehand: a signal handler only makes the calls.
struct Steps {
  const User* user = nullptr;
  bool drops = false;
  CapabilityWords kept{};
};

// The kernel's calls, which are for one thread; the C library's are for all that it made itself.
int become(const User& user) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0 ||
      ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0 ||
      ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0 ||
      ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
    return errno;
  return 0;
}

// Every capability that the kernel knows; it says EINVAL to the first that it does not. Nobody but
// root has the right to, and PR_SET_NO_NEW_PRIVS does without.
void empty_bounding_set() {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
       ++capability)
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

// In every thread; fit for a signal handler. Gives 0 or an errno.
int take_steps(const void* argument) {
  const auto& steps = *static_cast<const Steps*>(argument);
  empty_bounding_set();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  if (steps.user != nullptr) {
    if (const int error = become(*steps.user); error != 0) return error;
  }
  if (!steps.drops) return 0;
  auto header = this_thread();
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
      ::syscall(SYS_capset, &header, steps.kept.data()) != 0)
    return errno;
  return 0;
}

}  // namespace

std::string_view name(Capability capability) { return entry_of(capability).name; }

std::expected<void, std::string> allow_descriptors(std::size_t needed) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return failure("read the limit of descriptors", errno);
  if (limit.rlim_cur >= needed) return {};
  const rlimit wanted{.rlim_cur = needed, .rlim_max = std::max<rlim_t>(limit.rlim_max, needed)};
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return {};
  return std::unexpected{
      fmt::format("ke.connections needs {} descriptors, the limit of this process is {}: raise it "
                  "(LimitNOFILE= of systemd, ulimit -n) or lower ke.connections",
                  needed, limit.rlim_max)};
}

std::expected<std::optional<User>, std::string> user_to_become(const std::string& name,
                                                               std::string_view key) {
  if (name.empty()) return std::nullopt;
  auto user = find_user(name, key);
  if (!user) return std::unexpected{std::move(user.error())};
  return ::geteuid() == 0 ? std::optional{std::move(*user)} : std::nullopt;
}

std::expected<void, std::string> give_up_all_but(const Rights& rights) {
  // Static: a thread may come late, when the caller has long gone on to its end.
  static User user;
  static Steps steps;
  if (rights.user) user = *rights.user;
  steps = {.user = rights.user ? &user : nullptr, .drops = rights.capabilities.has_value()};
  if (rights.capabilities) steps.kept = words_of(*rights.capabilities);
  if (const int error = in_every_thread(&take_steps, &steps); error != 0) {
    return failure(rights.user ? fmt::format("become the user {}", printable(rights.user->name))
                               : std::string{"drop all capabilities"},
                   error);
  }
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &kNone) != 0) return failure("forbid core files", errno);
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure("set PR_SET_DUMPABLE", errno);
  return {};
}

std::optional<std::string> lock_memory(const Rights& kept) {
  constexpr rlimit kUnlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  // With a limit that is only high enough for now, memory would be refused later on.
  const bool needs_no_limit =
      !kept.capabilities && (present_words()[0].effective & 1U << CAP_IPC_LOCK) != 0;
  if (!needs_no_limit && ::setrlimit(RLIMIT_MEMLOCK, &kUnlimited) != 0) {
    return fmt::format(
        "memory may be swapped out, with keys in it: the limit of locked memory is "
        "{} KiB and has to be unlimited (LimitMEMLOCK=infinity of systemd, ulimit "
        "-l)",
        limit.rlim_max / 1024);
  }
  // Pages count once they are used: stacks and reserved address space do not.
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return std::nullopt;
  return fmt::format("memory may be swapped out, with keys in it: mlockall: {}", error_text(errno));
}

}  // namespace pollux::control
