// What this host says of its own clock: the kernel, and the program that keeps it, if it tells.
// Pure values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "ptp/clock/snapshot.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

// By adjtimex(2).
struct KernelClockState {
  bool synchronised = false;
  LeapIndicator leap = LeapIndicator::kNone;  // kInsert or kDelete: at the end of this UTC day
  std::chrono::seconds tai_minus_utc{0};      // 0 where nobody told the kernel
  std::chrono::nanoseconds maximum_error{0};

  friend constexpr bool operator==(const KernelClockState&, const KernelClockState&) = default;
};

// By the program that keeps the clock: what it would serve itself (RFC 5905 §7.3).
struct Upstream {
  std::uint8_t stratum = 0;
  std::uint32_t reference_id = 0;
  std::chrono::nanoseconds root_delay{0};
  std::chrono::nanoseconds root_dispersion{0};
  bool follows_phc = false;  // through a PTP hardware clock: no opinion of its own about that

  // It would serve time itself (RFC 5905 figure 11).
  [[nodiscard]] constexpr bool is_synchronised() const noexcept {
    return stratum > 0 && stratum < 16;
  }
};

// CLOCK_TAI, which runs on through a leap second, with the state that belongs to it.
struct SystemSample {
  Counter counter;                // middle of the read
  std::int64_t window_ticks = 0;  // length of the read
  TaiTime time{};
  KernelClockState kernel;
};

}  // namespace pollux::clock
