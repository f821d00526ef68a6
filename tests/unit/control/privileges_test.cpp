#include "control/service/privileges.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/in_child.h"

namespace pollux::control {
namespace {

using test::in_child;

class Privileges : public test::EveryThreadHears {};

constexpr const char* kNone = "0000000000000000";
constexpr const char* kNetAdminOnly = "0000000000001000";

// A line of a thread's status, what is behind the colon.
std::string status_of(const std::filesystem::path& thread, const std::string& name) {
  std::ifstream file{thread / "status"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

// Whether every thread has these capabilities and no other way to any.
bool all_have(const std::string& capabilities, const std::string& uid) {
  int threads = 0;
  for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task"}) {
    ++threads;
    for (const char* set : {"CapEff", "CapPrm"}) {
      if (status_of(thread, set) != capabilities) return false;
    }
    for (const char* set : {"CapInh", "CapAmb", "CapBnd"}) {
      if (geteuid() == 0 && status_of(thread, set) != kNone) return false;
    }
    if (status_of(thread, "NoNewPrivs") != "1" || !status_of(thread, "Uid").starts_with(uid))
      return false;
  }
  return threads == 2 && ::prctl(PR_GET_DUMPABLE) == 0;
}

// `body` gives an exit code and is run beside another thread.
int beside_a_thread(const auto& body) {
  return in_child([&body] {
    std::atomic<bool> stop{false};
    const std::jthread thread{[&stop] {
      while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }};
    const int code = body();
    stop = true;
    return code;
  });
}

TEST_F(Privileges, NothingIsLeft) {
  EXPECT_EQ(beside_a_thread([] {
              if (!give_up_all_but({})) return 1;
              rlimit core{};
              ::getrlimit(RLIMIT_CORE, &core);
              if (core.rlim_max != 0) return 2;
              // Not dumpable: /proc is root's, and root has no rights left over others' files.
              return ::geteuid() != 0 || all_have(kNone, "0\t0\t0") ? 0 : 3;
            }),
            0);
}

TEST_F(Privileges, BecomesTheUserAndKeepsWhatIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(
      beside_a_thread([] {
        const auto user = user_to_become("nobody", "server.user");
        if (!user || !*user) return 1;
        if (!give_up_all_but({.user = *user, .capabilities = std::vector{Capability::kNetAdmin}}))
          return 2;
        if (::getuid() != 65534 || ::getgid() != 65534) return 3;
        if (::setuid(0) == 0 || ::seteuid(0) == 0) return 4;
        if (::open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0) return 5;
        return all_have(kNetAdminOnly, "65534\t65534\t65534") ? 0 : 6;
      }),
      0);
}

TEST_F(Privileges, WhateverThereIs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(beside_a_thread([] {
              const std::string before = status_of("/proc/self", "CapEff");
              if (!give_up_all_but({.capabilities = std::nullopt})) return 1;
              return all_have(before, "0\t0\t0") ? 0 : 2;
            }),
            0);
}

// A capability that is not there is no reason to stop.
TEST_F(Privileges, WhatIsMissingStaysAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(beside_a_thread([] {
              if (!give_up_all_but({})) return 1;
              const auto again =
                  give_up_all_but({.capabilities = std::vector{Capability::kNetAdmin}});
              return again && all_have(kNone, "0\t0\t0") ? 0 : 2;
            }),
            0);
}

TEST_F(Privileges, UserByTheConfiguration) {
  EXPECT_FALSE(*user_to_become("", "server.user"));
  EXPECT_EQ(user_to_become("no such user", "ke.user").error(),
            "ke.user: there is no user 'no such user'");
  const auto nobody = user_to_become("nobody", "server.user");
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->has_value(), ::geteuid() == 0);
}

TEST_F(Privileges, Descriptors) {
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
              if (!give_up_all_but({})) return 2;
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

bool locks_memory(const Rights& kept) {
  return !lock_memory(kept) &&
         status_of("/proc/self", "VmLck").find_first_of("123456789") != std::string::npos;
}

// With the capability there is no limit, without it there must be none.
TEST_F(Privileges, MemoryIsLocked) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers make nothing of mlockall(2)";
#endif
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] { return locks_memory({.capabilities = std::nullopt}) ? 0 : 1; }), 0);
  rlimit limit{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
    GTEST_SKIP() << "this root may not raise the limit of locked memory";
  EXPECT_EQ(in_child([] { return locks_memory({}) ? 0 : 1; }), 0);
}

TEST_F(Privileges, LimitOfLockedMemoryIsNamed) {
  EXPECT_EQ(in_child([] {
              const rlimit limit{.rlim_cur = 65536, .rlim_max = 65536};
              if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
              if (!give_up_all_but({})) return 2;
              const auto trouble = lock_memory({});
              return trouble && trouble->contains("limit of locked memory is 64 KiB") ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace pollux::control
