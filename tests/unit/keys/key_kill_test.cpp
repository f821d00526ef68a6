// A rotation that is killed: whenever that happens, the file is a whole ring, the old or the new
// one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <random>
#include <thread>

#include "control/keys/key_store.h"
#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/keys/key_rings.h"

namespace pollux::control {
namespace {

class KeyKill : public testing::Test {
 protected:
  void SetUp() override { save(0); }

  void save(unsigned rotations) const {
    ASSERT_TRUE(save_keys(file_, {.ring = ring_of(rotations), .age_seconds = 0}, own_access()));
  }
  // Which of the rings is in the file; -1: none of them.
  [[nodiscard]] int found(unsigned first, unsigned last) const {
    const auto keys = load_keys(file_, own_access());
    if (!keys) return -1;
    for (unsigned i = first; i <= last; ++i) {
      if (keys->file.ring == ring_of(i)) return static_cast<int>(i);
    }
    return -1;
  }
  [[nodiscard]] bool has_rest() const {
    return std::filesystem::exists(directory_.path() / "ntskeys.new");
  }
  static pid_t in_child(const std::function<void()>& work) {
    const pid_t child = fork();
    if (child != 0) return child;
    work();
    _exit(0);
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "ntskeys";
};

// Stops a rotation at each of its system calls in turn, before and after it, and kills it there.
TEST_F(KeyKill, AtEverySystemCall) {
  const auto rotate = [this] {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    static_cast<void>(save_keys(file_, {.ring = ring_of(1), .age_seconds = 0}, own_access()));
  };
  int old_rings = 0;
  int new_rings = 0;
  int rests = 0;
  bool ended = false;
  for (int stops = 0; !ended; ++stops) {
    ASSERT_LT(stops, 500);
    save(0);
    const pid_t child = in_child(rotate);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) GTEST_SKIP() << "ptrace(2) is not allowed here";
    for (int i = 0; i < stops && !ended; ++i) {
      ASSERT_EQ(ptrace(PTRACE_SYSCALL, child, nullptr, nullptr), 0);
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ended = WIFEXITED(status);
    }
    if (!ended) {
      kill(child, SIGKILL);
      ASSERT_EQ(waitpid(child, &status, 0), child);
    }
    const int ring = found(0, 1);
    ASSERT_GE(ring, 0) << "killed after " << stops << " stops";
    ++(ring == 0 ? old_rings : new_rings);
    rests += has_rest() ? 1 : 0;
  }
  EXPECT_GT(old_rings, 5);
  EXPECT_GT(new_rings, 2);
  EXPECT_GT(rests, 5);
}

// The same at random times, with a child that goes on rotating what is there.
TEST_F(KeyKill, AtRandomTimes) {
  constexpr unsigned kMost = 4000;
  std::minstd_rand random{1};
  unsigned last = 0;
  for (int round = 0; round < 100 && last + 1 < kMost; ++round) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    const pid_t child = in_child([&] {
      for (unsigned i = last + 1; i < kMost; ++i) {
        static_cast<void>(save_keys(file_, {.ring = ring_of(i), .age_seconds = 0}, own_access()));
        static_cast<void>(write(pipe_ends[1], "x", 1));
      }
    });
    close(pipe_ends[1]);
    pollfd begun{.fd = pipe_ends[0], .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&begun, 1, 10'000), 1);
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 5000});
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    close(pipe_ends[0]);
    const int ring = found(last + 1, kMost);
    ASSERT_GE(ring, 0) << "round " << round;
    last = static_cast<unsigned>(ring);
  }
  EXPECT_GE(last, 100U);
}

}  // namespace
}  // namespace pollux::control
