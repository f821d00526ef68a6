#include "control/service/every_thread.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <latch>
#include <thread>
#include <vector>

#include "tests/support/in_child.h"

namespace pollux::control {
namespace {

using test::in_child;

class EveryThread : public test::EveryThreadHears {};

constexpr int kThreads = 5;

// Who has been asked; for a signal handler.
struct Asked {
  std::array<std::atomic<pid_t>, 64> threads{};
  std::atomic<std::size_t> count{0};
};
Asked asked;

int note(const void* /*argument*/) {
  asked.threads.at(asked.count.fetch_add(1)).store(gettid());
  return 0;
}

bool was_asked_once(pid_t thread) {
  int times = 0;
  for (const auto& each : asked.threads) times += each.load() == thread ? 1 : 0;
  return times == 1;
}

// Threads that wait in a system call, that compute, and that have ended.
TEST_F(EveryThread, IsAskedOnce) {
  EXPECT_EQ(in_child([] {
              std::atomic<bool> stop{false};
              std::array<std::atomic<pid_t>, kThreads> ids{};
              std::latch ready{kThreads + 1};
              std::vector<std::jthread> threads;
              for (int i = 0; i < kThreads; ++i) {
                threads.emplace_back([&, i] {
                  ids.at(static_cast<std::size_t>(i)).store(gettid());
                  ready.arrive_and_wait();
                  while (!stop) {
                    if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds{20});
                  }
                });
              }
              std::jthread{[] {}}.join();
              ready.arrive_and_wait();
              const int error = in_every_thread(&note, nullptr);
              stop = true;
              threads.clear();
              if (error != 0) return 1;
              for (const auto& id : ids) {
                if (!was_asked_once(id.load())) return 2;
              }
              return was_asked_once(gettid()) ? 0 : 3;
            }),
            0);
}

TEST_F(EveryThread, FirstErrorIsTold) {
  EXPECT_EQ(
      in_child([] {
        std::atomic<bool> stop{false};
        const std::jthread thread{[&stop] {
          while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }};
        static pid_t self = 0;
        self = gettid();
        const int error = in_every_thread(
            [](const void* who) { return gettid() == *static_cast<const pid_t*>(who) ? 0 : EPERM; },
            &self);
        const int own = in_every_thread([](const void*) { return EINVAL; }, nullptr);
        stop = true;
        return error == EPERM && own == EINVAL ? 0 : 1;
      }),
      0);
}

TEST_F(EveryThread, DeafOneIsTold) {
  EXPECT_EQ(in_child([] {
              std::atomic<bool> stop{false};
              std::latch ready{2};
              const std::jthread thread{[&] {
                sigset_t all;
                sigfillset(&all);
                pthread_sigmask(SIG_BLOCK, &all, nullptr);
                ready.arrive_and_wait();
                while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds{1});
              }};
              ready.arrive_and_wait();
              const int error = in_every_thread(&note, nullptr);
              stop = true;
              return error == ETIMEDOUT ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace pollux::control
