// Turns readings of the kernel's clock into snapshots: rate, continuous phase, error bound, leap
// second and header. Pure: readings come in, snapshots go out; owned by the clock thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "ptp/clock/rate_window.h"
#include "ptp/clock/snapshot.h"
#include "ptp/clock/steering.h"
#include "ptp/clock/system_state.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

struct SystemSettings {
  double nominal_hertz = 0;  // the counter against CLOCK_MONOTONIC_RAW
  std::int8_t precision = -24;
  bool trusted = false;  // believe the clock although the kernel calls it unsynchronised
  std::uint8_t stratum = 10;
  std::uint32_t reference_id = 0;
};

class SystemDiscipline {
 public:
  // A snapshot is believed for this long after it was made.
  static constexpr std::chrono::seconds kLifetime{5};
  // A larger phase error is a step of the system clock: never slewed, never served as truth.
  static constexpr std::chrono::nanoseconds kStepThreshold{1'000'000};
  // Good samples after a step before the time is believed again.
  static constexpr int kSettlingSamples = 16;
  // How fast an unwatched counter may wander (RFC 5905 §7.3, PHI).
  static constexpr double kDrift = 15e-6;

  explicit SystemDiscipline(const SystemSettings& settings) noexcept : settings_{settings} {}

  // Takes one sample and gives the state to publish; `now` is a counter reading at or after the
  // sample.
  [[nodiscard]] Snapshot update(const SystemSample& sample, Counter now) noexcept;

  // How far the system clock was from the served time at the last sample.
  [[nodiscard]] std::chrono::nanoseconds offset() const noexcept {
    return to_nanoseconds(steering_.residual());
  }
  [[nodiscard]] double hertz() const noexcept { return hertz_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  void follow_leap(const KernelClockState& kernel, UtcTime now) noexcept;
  void follow_phase(const SystemSample& sample, Counter now, NtpTime target) noexcept;
  [[nodiscard]] std::chrono::nanoseconds error_bound(const SystemSample& sample) const noexcept;
  [[nodiscard]] PackedHeader header(LeapIndicator leap,
                                    std::chrono::nanoseconds bound) const noexcept;

  SystemSettings settings_;
  RateWindow rate_;
  Steering steering_;
  double hertz_ = settings_.nominal_hertz;
  std::uint64_t updates_ = 0;
  std::uint64_t steps_ = 0;
  int settling_ = 0;
  bool believed_ = false;
  LeapIndicator pending_leap_ = LeapIndicator::kNone;
  NtpTime leap_at_;
  std::chrono::seconds tai_minus_utc_{0};
};

}  // namespace pollux::clock
