// Keeps the served time continuous: each new map starts where the old one is and removes what is
// left of the phase error by a little extra rate. Pure; owned by the clock thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "ptp/clock/counter_map.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

class Steering {
 public:
  // Time in which the phase error would vanish if the rate were not limited.
  static constexpr double kTimeConstantSeconds = 0.5;
  // Largest extra rate while somebody relies on the served time, and before.
  static constexpr double kServingRate = 50e-6;
  static constexpr double kUnservedRate = 500e-6;

  // Sets the map to `target` at `now`: a step.
  void step(Counter now, NtpTime target, double hertz) noexcept {
    map_ = {.base = now, .base_time = target, .multiplier = CounterMap::multiplier_for(hertz)};
    residual_ = {};
    extra_ = 0;
  }

  // `target` is the best estimate of true time at `now`, `hertz` of the counter's rate in true
  // time.
  void steer(Counter now, NtpTime target, double hertz, bool serving) noexcept {
    const NtpTime current = map_.at(now);
    residual_ = target - current;
    const double limit = serving ? kServingRate : kUnservedRate;
    const double phase = std::ldexp(static_cast<double>(residual_.units), -32);
    extra_ = std::clamp(phase / kTimeConstantSeconds, -limit, limit);
    map_ = {.base = now,
            .base_time = current,
            .multiplier = CounterMap::multiplier_for(hertz / (1.0 + extra_))};
  }

  // Moves the scale of the map, as a leap second does, without a change of what has passed since.
  void shift(NtpDuration by) noexcept { map_.base_time = map_.base_time + by; }

  [[nodiscard]] const CounterMap& map() const noexcept { return map_; }

  // Phase error that the newest map has still to remove.
  [[nodiscard]] NtpDuration residual() const noexcept { return residual_; }

  // The rate with which it does so, s/s.
  [[nodiscard]] double extra_rate() const noexcept { return extra_; }

 private:
  CounterMap map_;
  NtpDuration residual_;
  double extra_ = 0;
};

}  // namespace pollux::clock
