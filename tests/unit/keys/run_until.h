// Runs an event loop until something has come true. For tests.
#pragma once

#include <chrono>
#include <functional>

#include "control/service/event_loop.h"

namespace pollux::control {

// False where it has not come true in time.
inline bool run_until(EventLoop& loop, const std::function<bool()>& condition,
                      std::chrono::milliseconds longest = std::chrono::milliseconds{1000}) {
  const auto end = EventLoop::Clock::now() + longest;
  while (!condition()) {
    if (EventLoop::Clock::now() >= end) return false;
    loop.run_once(std::chrono::milliseconds{10});
  }
  return true;
}

}  // namespace pollux::control
