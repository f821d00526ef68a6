// What cannot be undone is tried in a child process.
#include "control/ke/privileges.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "control/ke/system_call_filter.h"

namespace pollux::ke {
namespace {

// The exit code of a child that runs `body`; 99 where a signal ends it.
int in_child(const auto& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

// What `body` gives in a thread of its own; -1 where there is none. Not std::thread: the sanitizer
// that checks its virtual functions needs system calls of its own.
int in_thread(int (*body)()) {
  static int (*run)();
  static int result;
  run = body;
  result = -1;
  const auto start = [](void*) -> void* {
    result = run();
    return nullptr;
  };
  pthread_t thread{};
  if (::pthread_create(&thread, nullptr, start, nullptr) == 0) ::pthread_join(thread, nullptr);
  return result;
}

// A line of /proc/self/status, what is behind the colon.
std::string status_of(const std::string& name) {
  std::ifstream file{"/proc/self/status"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

bool has_nothing() {
  const std::string none = "0000000000000000";
  return status_of("CapEff") == none && status_of("CapPrm") == none &&
         status_of("CapInh") == none && status_of("CapAmb") == none &&
         status_of("NoNewPrivs") == "1" && ::prctl(PR_GET_DUMPABLE) == 0;
}

TEST(KePrivileges, NothingIsLeft) {
  EXPECT_EQ(in_child([] {
              if (!give_up_privileges()) return 1;
              // Not dumpable: /proc is root's, and root has no rights left over others' files.
              if (::geteuid() == 0 && !has_nothing()) return 2;
              rlimit core{};
              ::getrlimit(RLIMIT_CORE, &core);
              return core.rlim_max == 0 ? 0 : 3;
            }),
            0);
}

TEST(KePrivileges, BecomesTheUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              if (!become_user("nobody") || !give_up_privileges()) return 1;
              if (::getuid() != 65534 || ::geteuid() != 65534) return 2;
              if (::setuid(0) == 0 || ::seteuid(0) == 0) return 3;
              return ::open("/etc/shadow", O_RDONLY | O_CLOEXEC) < 0 ? 0 : 4;
            }),
            0);
  EXPECT_EQ(in_child([] {
              const auto become = become_user("no such user");
              return !become && become.error() == "ke.user: there is no user 'no such user'" ? 0
                                                                                             : 1;
            }),
            0);
}

TEST(KePrivileges, Descriptors) {
  EXPECT_EQ(in_child([] {
              rlimit limit{.rlim_cur = 64, .rlim_max = 1024};
              if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
              if (!allow_descriptors(1000) || !allow_descriptors(500)) return 2;
              ::getrlimit(RLIMIT_NOFILE, &limit);
              return limit.rlim_cur == 1000 ? 0 : 3;
            }),
            0);
  EXPECT_EQ(in_child([] {
              const rlimit limit{.rlim_cur = 64, .rlim_max = 1024};
              if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
              if (::geteuid() == 0 && !(become_user("nobody"))) return 2;
              const auto allowed = allow_descriptors(2000);
              if (allowed) return 3;
              return allowed.error().starts_with(
                         "ke.connections needs 2000 descriptors, the limit "
                         "of this process is 1024")
                         ? 0
                         : 4;
            }),
            0);
}

// Files, sockets to systemd and threads stay; processes, programs and networks do not.
TEST(KeSystemCallFilter, LeavesWhatIsNeeded) {
  EXPECT_EQ(in_child([] {
              if (!give_up_privileges()) return 1;
              if (filter_system_calls()) return 2;
              if (::open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0) return 3;
              if (::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0) return 4;
              return in_thread([] { return 7; }) == 7 ? 0 : 5;
            }),
            0);
}

TEST(KeSystemCallFilter, TakesTheRest) {
  EXPECT_EQ(in_child([] {
              if (!give_up_privileges() || filter_system_calls()) return 1;
              errno = 0;
              if (::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EPERM) return 2;
              errno = 0;
              if (::fork() >= 0 || errno != EPERM) return 3;
              errno = 0;
              char name[] = "/bin/true";
              char* const arguments[] = {name, nullptr};
              ::execv(name, arguments);
              if (errno != EPERM) return 4;
              errno = 0;
              return ::chown("/tmp", 0, 0) != 0 && errno == EPERM ? 0 : 5;
            }),
            0);
}

// A thread that is started later has it too.
TEST(KeSystemCallFilter, IsInherited) {
  EXPECT_EQ(in_child([] {
              if (!give_up_privileges() || filter_system_calls()) return 1;
              const int error = in_thread([] {
                errno = 0;
                static_cast<void>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                return errno;
              });
              return error == EPERM ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace pollux::ke
