// The kernel's clock as a source: its time against the CPU counter, and what the kernel says of it.
// Called by the clock thread. Reads go through the vDSO; adjtimex is asked, never told.
#pragma once

#include <ctime>

#include "ptp/clock/reading.h"
#include "ptp/clock/system_state.h"
#include "ptp/clock/time.h"

namespace pollux::phc {

using clock::ClockReading;

// The narrowest of a few tries, about 0.1 us wide.
[[nodiscard]] ClockReading read_kernel_clock(clockid_t id, int tries = 5) noexcept;

[[nodiscard]] clock::KernelClockState read_kernel_clock_state() noexcept;

// CLOCK_TAI with the state that belongs to it: read again if the state changed meanwhile.
[[nodiscard]] clock::SystemSample sample_system_clock() noexcept;

}  // namespace pollux::phc
