#include "control/service/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace pollux::control {
namespace {

using std::chrono::milliseconds;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) == 0) {
      reader = UniqueFd(ends[0]);
      writer = UniqueFd(ends[1]);
    }
  }
  void fill() const { EXPECT_EQ(write(writer.get(), "x", 1), 1); }

  UniqueFd reader;
  UniqueFd writer;
};

TEST(EventLoop, CallsForReadableDescriptors) {
  EventLoop loop;
  const Pipe one;
  int calls = 0;
  loop.add(one.reader.get(), EPOLLIN, [&](std::uint32_t) { ++calls; });
  loop.run_once(milliseconds(0));
  EXPECT_EQ(calls, 0);
  one.fill();
  loop.run_once(milliseconds(1000));
  EXPECT_EQ(calls, 1);
  loop.remove(one.reader.get());
  loop.remove(one.reader.get());
  loop.run_once(milliseconds(0));
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, CallbackMayRemoveItselfAndOthers) {
  EventLoop loop;
  const Pipe one;
  const Pipe two;
  int calls = 0;
  const auto remove_both = [&](std::uint32_t) {
    ++calls;
    loop.remove(one.reader.get());
    loop.remove(two.reader.get());
  };
  loop.add(one.reader.get(), EPOLLIN, remove_both);
  loop.add(two.reader.get(), EPOLLIN, remove_both);
  one.fill();
  two.fill();
  loop.run_once(milliseconds(1000));
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, TimersOnceRepeatedAndCancelled) {
  EventLoop loop;
  int once = 0;
  int repeated = 0;
  loop.call_at(EventLoop::Clock::now() + milliseconds(10), [&] { ++once; });
  const auto cancelled = loop.call_at(EventLoop::Clock::now(), [&] { ADD_FAILURE(); });
  loop.cancel(cancelled);
  loop.call_every(milliseconds(10), [&] {
    if (++repeated == 3) {
      loop.stop();
    }
  });
  loop.run();
  EXPECT_EQ(once, 1);
  EXPECT_EQ(repeated, 3);
}

TEST(EventLoop, TimerMayCancelAnotherThatIsDue) {
  EventLoop loop;
  EventLoop::TimerId second = 0;
  loop.call_at(EventLoop::Clock::now(), [&] { loop.cancel(second); });
  second = loop.call_at(EventLoop::Clock::now(), [&] { ADD_FAILURE(); });
  loop.run_once(milliseconds(10));
}

TEST(EventLoop, BadDescriptorThrows) {
  EventLoop loop;
  EXPECT_THROW(loop.add(-1, EPOLLIN, [](std::uint32_t) {}), std::system_error);
}

}  // namespace
}  // namespace pollux::control
