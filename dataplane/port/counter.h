// The counter that time is kept by, as the data plane reads it: that of the CPU, or nanoseconds of
// CLOCK_MONOTONIC_RAW where the clock thread has chosen those. Any thread.
#pragma once

#include <rte_cycles.h>

#include <cstdint>
#include <ctime>

#include "ptp/clock/time.h"

namespace pollux::port {

struct TimeBase {
  double hertz = 0;
  bool is_raw_clock = false;
};

[[nodiscard]] inline clock::Counter read_counter(bool is_raw_clock) noexcept {
  if (!is_raw_clock) [[likely]]
    return {rte_rdtsc()};
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return {static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
          static_cast<std::uint64_t>(now.tv_nsec)};
}

}  // namespace pollux::port
