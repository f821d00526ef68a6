// The loop of the control thread: descriptors by epoll(7), and timers. Callbacks run in the thread
// that calls run(); they may add and remove descriptors and timers, their own included.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

#include "control/service/unique_fd.h"

namespace pollux::control {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using FdCallback = std::function<void(std::uint32_t events)>;
  using TimerCallback = std::function<void()>;
  using TimerId = std::uint64_t;  // never 0

  EventLoop();  // throws std::system_error when the kernel gives no epoll descriptor

  // `events` as in epoll_ctl(2), level-triggered. The descriptor stays the caller's, who removes it
  // before closing it. Throws std::system_error.
  void add(int fd, std::uint32_t events, FdCallback callback);
  void modify(int fd, std::uint32_t events);
  void remove(int fd);

  TimerId call_at(Clock::time_point when, TimerCallback callback);
  TimerId call_every(Clock::duration interval, TimerCallback callback);  // the first after one
  void cancel(TimerId timer);  // nothing when it is over already

  // Waits for the first event or timer, `longest` at most, and runs what is due.
  void run_once(Clock::duration longest);

  void run();  // until stop()
  void stop() { stopped_ = true; }

 private:
  struct Timer {
    Clock::time_point when;
    Clock::duration interval;  // 0: once
    TimerCallback callback;
  };

  [[nodiscard]] int wait_milliseconds(Clock::duration longest) const;
  void control(int operation, int fd, std::uint32_t events, std::uint64_t id);
  void dispatch(std::uint64_t id, std::uint32_t events);
  void run_timers();

  UniqueFd epoll_;
  std::uint64_t last_id_ = 0;
  std::map<int, std::uint64_t> ids_;
  std::map<std::uint64_t, FdCallback> callbacks_;  // by id: a descriptor number may come again
  std::map<TimerId, Timer> timers_;
  bool stopped_ = false;
};

}  // namespace pollux::control
