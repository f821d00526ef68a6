// The CPU's counter and what must hold before it can serve as a time base.
// Called by the clock thread and at start; workers read the same counter through DPDK.
#pragma once

#include <chrono>

#include "ptp/clock/time.h"

namespace pollux::phc {

// Ordered against the instructions around it, so that a reading taken between two of these was
// taken between them. About 15 ns.
[[nodiscard]] clock::Counter read_counter() noexcept;

// True where the counter runs at one rate in every power state and on every core (x86: invariant
// TSC).
[[nodiscard]] bool counter_is_invariant() noexcept;

// Ticks a second against CLOCK_MONOTONIC_RAW, measured over `length`. 100 ms give about 1 ppm.
[[nodiscard]] double measure_counter_hertz(std::chrono::milliseconds length) noexcept;

// log2 of the seconds that one reading takes, rounded up: the NTP precision of a stamp, -26 at
// best.
[[nodiscard]] std::int8_t measure_precision(double counter_hertz) noexcept;

}  // namespace pollux::phc
