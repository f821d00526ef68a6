// From a clock of the system to the counter: the straight line through two readings of that clock,
// one before and one after a device was asked. Pure arithmetic; clock thread.
#pragma once

#include <expected>

#include "ptp/phc/phc_error.h"
#include "ptp/phc/system_clock.h"

namespace pollux::phc {

class StampMap {
 public:
  // A clock that runs further off the counter's nominal rate than this was stepped: NTP slews by
  // 500 ppm at most.
  static constexpr double kSteepest = 600e-6;
  // How far a stamp may lie outside of the two readings: the vDSO and the kernel may round apart.
  static constexpr std::chrono::nanoseconds kSlack{100};

  // `hertz` is the counter's nominal rate. kSlow where more than `longest` lies between the two;
  // kUneven where their distance differs from the counter's by more than 600 ppm of it and half the
  // width of each. A step below that cannot be told from noise, and moves a stamp by no more.
  [[nodiscard]] static std::expected<StampMap, PhcError> through(
      const ClockReading& before, const ClockReading& after, double hertz,
      std::chrono::nanoseconds longest) noexcept;

  // Whether a stamp lies between the two readings.
  [[nodiscard]] bool covers(std::chrono::nanoseconds stamp) const noexcept {
    return stamp >= before_.time - kSlack && stamp <= after_ + kSlack;
  }

  // The counter at a stamp that the map covers.
  [[nodiscard]] clock::Counter at(std::chrono::nanoseconds stamp) const noexcept;

  // A length of the stamp clock in ticks, rounded up.
  [[nodiscard]] std::int64_t ticks(std::chrono::nanoseconds length) const noexcept;

 private:
  StampMap(const ClockReading& before, std::chrono::nanoseconds after, double rate) noexcept
      : before_{before}, after_{after}, ticks_a_nanosecond_{rate} {}

  ClockReading before_;
  std::chrono::nanoseconds after_;
  double ticks_a_nanosecond_;
};

}  // namespace pollux::phc
