// What cannot be undone is tried in a child process.
#include "control/ke/system_call_filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "control/service/privileges.h"
#include "tests/support/in_child.h"

namespace pollux::ke {
namespace {

using test::in_child;

class KeSystemCallFilter : public test::EveryThreadHears {};

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

// Files, sockets to systemd and threads stay; processes, programs and networks do not.
TEST_F(KeSystemCallFilter, LeavesWhatIsNeeded) {
  EXPECT_EQ(in_child([] {
              if (!control::give_up_all_but({})) return 1;
              if (filter_system_calls()) return 2;
              if (::open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0) return 3;
              if (::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0) return 4;
              return in_thread([] { return 7; }) == 7 ? 0 : 5;
            }),
            0);
}

TEST_F(KeSystemCallFilter, TakesTheRest) {
  EXPECT_EQ(in_child([] {
              if (!control::give_up_all_but({}) || filter_system_calls()) return 1;
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
TEST_F(KeSystemCallFilter, IsInherited) {
  EXPECT_EQ(in_child([] {
              if (!control::give_up_all_but({}) || filter_system_calls()) return 1;
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
