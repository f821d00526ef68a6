// Other ways to follow a clock, to compare Pollux's with: a PI servo, and a regression over the
// newest readings. Seconds of the counter at its nominal rate, and ns of phase against it. Each
// serves a time without jumps once it has begun.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>

#include "ptp/clock/steering.h"

namespace pollux::bench {

struct PhaseReading {
  double time = 0;    // s
  double phase = 0;   // ns
  double window = 0;  // ns
};

// A straight line that is bent at readings.
struct ServedLine {
  double since = 0;  // s
  double phase = 0;  // ns
  double rate = 0;   // ns/s

  [[nodiscard]] double at(double time) const { return phase + rate * (time - since); }
  void bend(double time, double new_rate) {
    *this = {.since = time, .phase = at(time), .rate = new_rate};
  }
};

struct PiGains {
  double proportional = 0.7;
  double integral = 0.3;
};

// Those of linuxptp for hardware time stamps that come every `interval` seconds.
[[nodiscard]] inline PiGains linuxptp_gains(double interval) {
  return {.proportional = std::min(0.7 * std::pow(interval, -0.3), 0.7 / interval),
          .integral = std::min(0.3 * std::pow(interval, 0.4), 0.3 / interval)};
}

// The first two readings give the frequency and set the phase; then each corrects the rate.
class PiServo {
 public:
  explicit PiServo(const PiGains& gains) : gains_{gains} {}

  void add(const PhaseReading& reading) {
    if (count_ < 2) {
      begin(reading);
      return;
    }
    const double offset = reading.phase - line_.at(reading.time);
    frequency_ += gains_.integral * offset;
    line_.bend(reading.time, frequency_ + gains_.proportional * offset);
  }

  [[nodiscard]] double at(double time) const { return line_.at(time); }

 private:
  void begin(const PhaseReading& reading) {
    if (++count_ == 2) frequency_ = (reading.phase - line_.phase) / (reading.time - line_.since);
    line_ = {.since = reading.time, .phase = reading.phase, .rate = frequency_};
  }

  PiGains gains_;
  ServedLine line_;
  double frequency_ = 0;
  int count_ = 0;
};

// Least squares over the newest `size` readings, each weighted by how much wider than the
// narrowest its window is; the served time is steered to the line as Pollux steers its own.
class Regression {
 public:
  Regression(std::size_t size, double noise_floor) : size_{size}, noise_floor_{noise_floor} {}

  void add(const PhaseReading& reading) {
    readings_.push_back(reading);
    if (readings_.size() > size_) readings_.pop_front();
    const ServedLine best = fit();
    if (readings_.size() < 4) {
      line_ = best;
      return;
    }
    constexpr double kLimit = clock::Steering::kServingRate * 1e9;
    const double extra =
        (best.phase - line_.at(reading.time)) / clock::Steering::kTimeConstantSeconds;
    line_.bend(reading.time, best.rate + std::clamp(extra, -kLimit, kLimit));
  }

  [[nodiscard]] double at(double time) const { return line_.at(time); }

 private:
  [[nodiscard]] double weight(const PhaseReading& reading, double narrowest) const {
    const double doubt = (reading.window - narrowest) / 2;
    return 1 / (noise_floor_ * noise_floor_ + doubt * doubt);
  }

  [[nodiscard]] ServedLine fit() const {
    const double origin = readings_.back().time;
    const double narrowest = std::ranges::min(readings_, {}, &PhaseReading::window).window;
    double weights = 0;
    double x_sum = 0;
    double y_sum = 0;
    for (const PhaseReading& reading : readings_) {
      const double w = weight(reading, narrowest);
      weights += w;
      x_sum += w * (reading.time - origin);
      y_sum += w * reading.phase;
    }
    const double x_mean = x_sum / weights;
    const double y_mean = y_sum / weights;
    double xx_sum = 0;
    double xy_sum = 0;
    for (const PhaseReading& reading : readings_) {
      const double x = reading.time - origin - x_mean;
      const double w = weight(reading, narrowest);
      xx_sum += w * x * x;
      xy_sum += w * x * (reading.phase - y_mean);
    }
    const double rate = xx_sum > 0 ? xy_sum / xx_sum : 0;
    return {.since = origin, .phase = y_mean - rate * x_mean, .rate = rate};
  }

  std::size_t size_;
  double noise_floor_;
  std::deque<PhaseReading> readings_;
  ServedLine line_;
};

}  // namespace pollux::bench
