#include "control/service/event_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>
#include <vector>

namespace pollux::control {
namespace {

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw_errno("epoll_create1");
  }
}

void EventLoop::control(int operation, int fd, std::uint32_t events, std::uint64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
    throw_errno("epoll_ctl");
  }
}

void EventLoop::add(int fd, std::uint32_t events, FdCallback callback) {
  const std::uint64_t id = ++last_id_;
  control(EPOLL_CTL_ADD, fd, events, id);
  ids_.emplace(fd, id);
  callbacks_.emplace(id, std::move(callback));
}

void EventLoop::modify(int fd, std::uint32_t events) {
  control(EPOLL_CTL_MOD, fd, events, ids_.at(fd));
}

void EventLoop::remove(int fd) {
  if (const auto found = ids_.find(fd); found != ids_.end()) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    callbacks_.erase(found->second);
    ids_.erase(found);
  }
}

EventLoop::TimerId EventLoop::call_at(Clock::time_point when, TimerCallback callback) {
  timers_.emplace(++last_id_, Timer{when, Clock::duration::zero(), std::move(callback)});
  return last_id_;
}

EventLoop::TimerId EventLoop::call_every(Clock::duration interval, TimerCallback callback) {
  timers_.emplace(++last_id_, Timer{Clock::now() + interval, interval, std::move(callback)});
  return last_id_;
}

void EventLoop::cancel(TimerId timer) { timers_.erase(timer); }

int EventLoop::wait_milliseconds(Clock::duration longest) const {
  const auto now = Clock::now();
  for (const auto& [id, timer] : timers_) {
    longest = std::min(longest, timer.when - now);
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, INT_MAX));
}

void EventLoop::dispatch(std::uint64_t id, std::uint32_t events) {
  const auto found = callbacks_.find(id);
  if (found == callbacks_.end()) {
    return;  // removed by a callback that ran before
  }
  const FdCallback callback = found->second;  // it may remove itself
  callback(events);
}

void EventLoop::run_timers() {
  const auto now = Clock::now();
  std::vector<TimerId> due;
  for (const auto& [id, timer] : timers_) {
    if (timer.when <= now) {
      due.push_back(id);
    }
  }
  for (const TimerId id : due) {
    const auto found = timers_.find(id);
    if (found == timers_.end()) {
      continue;  // cancelled by a callback that ran before
    }
    const TimerCallback callback = found->second.callback;
    if (found->second.interval == Clock::duration::zero()) {
      timers_.erase(found);
    } else {
      // A late timer does not catch up.
      found->second.when = std::max(found->second.when + found->second.interval, now);
    }
    callback();
  }
}

void EventLoop::run_once(Clock::duration longest) {
  std::array<epoll_event, 32> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               wait_milliseconds(longest));
  if (count < 0 && errno != EINTR) {
    throw_errno("epoll_wait");
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    dispatch(event.data.u64, event.events);
  }
  run_timers();
}

void EventLoop::run() {
  constexpr auto kLongestWait = std::chrono::hours(1);
  stopped_ = false;
  while (!stopped_) {
    run_once(kLongestWait);
  }
}

}  // namespace pollux::control
