#include "ptp/clock/nic_clock.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace pollux::clock {

namespace {

// Seconds of the counter.
constexpr double kWidestWindow = 1e-3;
constexpr double kNoiseFloor = 20e-9;  // standard deviation of the best readings
constexpr double kSlack = 1e-6;        // by which the middle of a reading may miss the line at once
constexpr double kUsableFor = 2.0;     // after the newest reading

// By how much the line may be wrong a second ahead.
constexpr double kWander = 20e-6;

// Steepest line that a map can hold, and the inverse of the flattest that is believed.
constexpr double kSteepest = 16'384;

constexpr double window_of(const NicReading& reading) noexcept {
  return static_cast<double>(reading.after - reading.before);
}

constexpr Counter middle_of(const NicReading& reading) noexcept {
  return reading.before + (reading.after - reading.before) / 2;
}

// Signed, so that it is right across a wrap.
constexpr double ticks_between(const NicReading& later, const NicReading& earlier) noexcept {
  return static_cast<double>(static_cast<std::int64_t>(later.ticks - earlier.ticks));
}

}  // namespace

void NicClock::add(const NicReading& reading) noexcept {
  const double window = window_of(reading);
  if (window < 0 || window > kWidestWindow * hertz_) return;
  if (contradicts(reading)) restart();
  readings_[next_] = reading;
  next_ = (next_ + 1) % kReadings;
  count_ = std::min(count_ + 1, kReadings);
  if (count_ >= kWarmUp) draw();
}

bool NicClock::contradicts(const NicReading& reading) const noexcept {
  if (count_ == 0) return false;
  const auto since = static_cast<double>(reading.before - newest().after);
  if (since < 0 || ticks_between(reading, newest()) <= 0) return true;
  if (map_.multiplier == 0) return false;
  const auto residual = static_cast<double>(map_.at(reading.ticks) - middle_of(reading));
  const double tick = std::ldexp(static_cast<double>(map_.multiplier), -NicMap::kShift);
  return std::abs(residual) > window_of(reading) / 2 + kSlack * hertz_ + tick + kWander * since;
}

void NicClock::restart() noexcept {
  next_ = 0;
  count_ = 0;
  map_ = {};
  ++restarts_;
}

void NicClock::draw() noexcept {
  const Line line = fit_line();
  if (!fits(line)) {
    const NicReading last = newest();
    restart();
    readings_[next_++] = last;
    count_ = 1;
    return;
  }
  const NicReading& base = newest();
  map_ = {.base_ticks = base.ticks,
          .base = middle_of(base) + std::llround(line.offset),
          .multiplier = std::llround(std::ldexp(line.slope, NicMap::kShift)),
          .void_after = base.after + std::llround(kUsableFor * hertz_)};
}

double NicClock::narrowest() const noexcept {
  double result = std::numeric_limits<double>::max();
  for (const NicReading& reading : std::span{readings_}.first(count_))
    result = std::min(result, window_of(reading));
  return result;
}

// Least squares about the mean; the middle of a wide window may be off by what it is wider than the
// narrowest.
NicClock::Line NicClock::fit_line() const noexcept {
  const auto readings = std::span{readings_}.first(count_);
  const NicReading& origin = newest();
  const double least = narrowest();
  const double floor = kNoiseFloor * hertz_;
  const auto weight_of = [&](const NicReading& reading) {
    const double doubt = (window_of(reading) - least) / 2;
    return 1 / (floor * floor + doubt * doubt);
  };
  const auto y_of = [&](const NicReading& reading) {
    return static_cast<double>(middle_of(reading) - middle_of(origin));
  };
  double weights = 0;
  double x_mean = 0;
  double y_mean = 0;
  for (const NicReading& reading : readings) {
    const double weight = weight_of(reading);
    weights += weight;
    x_mean += weight * ticks_between(reading, origin);
    y_mean += weight * y_of(reading);
  }
  x_mean /= weights;
  y_mean /= weights;
  double xx = 0;
  double xy = 0;
  for (const NicReading& reading : readings) {
    const double x = ticks_between(reading, origin) - x_mean;
    xx += weight_of(reading) * x * x;
    xy += weight_of(reading) * x * (y_of(reading) - y_mean);
  }
  const double slope = xy / xx;
  return {.slope = slope, .offset = y_mean - slope * x_mean};
}

bool NicClock::fits(const Line& line) const noexcept {
  if (!(line.slope > 1 / kSteepest && line.slope < kSteepest)) return false;
  const NicReading& origin = newest();
  return std::ranges::all_of(std::span{readings_}.first(count_), [&](const NicReading& reading) {
    const double expected = line.offset + line.slope * ticks_between(reading, origin);
    const auto found = static_cast<double>(middle_of(reading) - middle_of(origin));
    return std::abs(found - expected) <= window_of(reading) / 2 + kSlack * hertz_ + line.slope;
  });
}

}  // namespace pollux::clock
