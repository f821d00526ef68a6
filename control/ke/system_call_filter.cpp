#include "control/ke/system_call_filter.h"

#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "control/service/text.h"

namespace pollux::ke {

namespace {

// What a call that is not here gets is EPERM and not death: the C library asks for some that it can
// do without.
constexpr int kAllowed[] = {
    // Clients, the Unix sockets, systemd.
    SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(connect),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(close),
    // Configuration, certificate and keys, which are read again and written anew.
    SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64),
    SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat),
    SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(fchmod),
    SCMP_SYS(fchown), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
    SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_rm_watch), SCMP_SYS(inotify_init1),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    // Memory, threads, time, randomness.
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mprotect), SCMP_SYS(mremap),
    SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(getrandom), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid),
    // Signals, abort() and the end.
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group)};

using Filter = std::unique_ptr<void, decltype([](void* filter) { seccomp_release(filter); })>;

// Gives 0 or a negative errno.
int add_rules(void* filter) {
  for (const int call : kAllowed) {
    if (const int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0); error != 0)
      return error;
  }
  // Sockets for sd_notify(3) and no others.
  if (const int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                         SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
      error != 0)
    return error;
  // Threads and no processes. The flags of clone3(2) cannot be looked at; the C library goes back
  // to clone(2) where there is no clone3.
  if (const int error = seccomp_rule_add(
          filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
          SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
      error != 0)
    return error;
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

}  // namespace

std::optional<std::string> filter_system_calls() {
  const Filter filter{seccomp_init(SCMP_ACT_ERRNO(EPERM))};
  int error = filter ? add_rules(filter.get()) : -ENOMEM;
  if (error == 0) error = seccomp_load(filter.get());
  if (error == 0) return std::nullopt;
  return fmt::format("system calls are not filtered, seccomp is not to be had: {}",
                     control::error_text(-error));
}

}  // namespace pollux::ke
