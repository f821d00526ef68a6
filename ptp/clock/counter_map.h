// The straight line from the CPU counter to NTP time that workers evaluate for each stamp.
// Pure value; made by the clock thread, evaluated by every worker.
#pragma once

#include <cmath>
#include <cstdint>

#include "ptp/clock/time.h"

namespace pollux::clock {

struct CounterMap {
  static constexpr int kShift = 55;

  // Slowest counter whose multiplier fits 63 bits, in Hz (2^24).
  static constexpr double kMinimumHertz = 16'777'216.0;

  Counter base;
  NtpTime base_time;
  // Units of 2^-32 s for a tick, times 2^kShift; positive.
  std::int64_t multiplier = 0;

  // Right for any distance from `base`, before or after it: both factors have at most 63 bits.
  [[nodiscard]] constexpr NtpTime at(Counter counter) const noexcept {
    __extension__ using Wide = __int128;
    const Wide product = static_cast<Wide>(counter - base) * multiplier;
    return base_time + NtpDuration{static_cast<std::int64_t>(product >> kShift)};
  }

  // `hertz` is the counter's rate in ticks for each second of served time, above kMinimumHertz.
  [[nodiscard]] static std::int64_t multiplier_for(double hertz) noexcept {
    return std::llround(std::ldexp(1.0, 32 + kShift) / hertz);
  }
};

}  // namespace pollux::clock
