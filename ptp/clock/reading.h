// One reading of a clock against the CPU's counter. Pure value; made by an adapter in the clock
// thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "ptp/clock/time.h"

namespace pollux::clock {

struct ClockReading {
  Counter counter;                   // middle of the read
  std::int64_t window_ticks = 0;     // length of the read: the clock was read somewhere in it
  std::chrono::nanoseconds time{0};  // from the Unix epoch, in the scale of the clock
};

}  // namespace pollux::clock
