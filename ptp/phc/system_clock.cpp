#include "ptp/phc/system_clock.h"

#include <sys/timex.h>

#include "ptp/phc/counter.h"

namespace pollux::phc {

ClockReading read_kernel_clock(clockid_t id, int tries) noexcept {
  ClockReading best;
  for (int i = 0; i < tries; ++i) {
    timespec reading{};
    const auto before = read_counter();
    clock_gettime(id, &reading);
    const auto window = read_counter() - before;
    if (i != 0 && window >= best.window_ticks) continue;
    best = {
        .counter = before + window / 2,
        .window_ticks = window,
        .time = std::chrono::seconds{reading.tv_sec} + std::chrono::nanoseconds{reading.tv_nsec}};
  }
  return best;
}

clock::KernelClockState read_kernel_clock_state() noexcept {
  timex kernel{};
  const int state = adjtimex(&kernel);
  if (state < 0) return {};
  clock::KernelClockState result{
      .synchronised = state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0,
      .leap = clock::LeapIndicator::kNone,
      .tai_minus_utc = std::chrono::seconds{kernel.tai},
      .maximum_error = std::chrono::microseconds{kernel.maxerror},
  };
  // TIME_ERROR hides the leap state, and an unsynchronised clock has no leap to announce.
  if (state == TIME_INS) result.leap = clock::LeapIndicator::kInsert;
  if (state == TIME_DEL) result.leap = clock::LeapIndicator::kDelete;
  return result;
}

clock::SystemSample sample_system_clock() noexcept {
  constexpr int kTries = 3;
  clock::SystemSample sample;
  for (int i = 0; i < kTries; ++i) {
    const auto before = read_kernel_clock_state();
    const auto reading = read_kernel_clock(CLOCK_TAI);
    const auto after = read_kernel_clock_state();
    sample = {.counter = reading.counter,
              .window_ticks = reading.window_ticks,
              .time = clock::TaiTime{reading.time},
              .kernel = after};
    if (before.leap == after.leap && before.tai_minus_utc == after.tai_minus_utc) break;
  }
  return sample;
}

}  // namespace pollux::phc
