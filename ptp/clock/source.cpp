#include "ptp/clock/source.h"

#include <algorithm>
#include <cmath>

namespace pollux::clock {

namespace {

constexpr double kSigmas = 4;

// From 1970 to 2116: what is beyond is no time, and sums with it could overflow.
constexpr bool is_plausible(std::chrono::nanoseconds shown) noexcept {
  return shown.count() >= 0 && shown.count() >> 62U == 0;
}

constexpr bool within_a_second(std::chrono::nanoseconds difference) noexcept {
  return std::chrono::abs(difference) < std::chrono::seconds{1};
}

}  // namespace

std::optional<Timescale> recognise_timescale(std::chrono::nanoseconds shown, UtcTime utc,
                                             std::chrono::seconds tai_minus_utc) noexcept {
  const auto ahead = shown - utc.time_since_epoch();
  if (within_a_second(ahead)) return Timescale::kUtc;
  if (within_a_second(ahead - tai_minus_utc)) return Timescale::kTai;
  return std::nullopt;
}

void Source::add(const ClockReading& reading, std::optional<std::chrono::nanoseconds> error,
                 std::optional<UtcTime> system, const Calendar& calendar) noexcept {
  if (!is_plausible(reading.time)) return;
  ++readings_;
  last_reading_ = reading.counter;
  if (timescale_ == Timescale::kAuto) {
    if (!system) return;
    const auto found = recognise_timescale(reading.time, *system, calendar.tai_minus_utc());
    if (!found) return;
    timescale_ = *found;
  }
  const bool shows_tai = timescale_ == Timescale::kTai;
  if (shows_tai && !calendar.offset_is_known()) return;
  const TaiTime time{shows_tai ? reading.time : reading.time + calendar.tai_minus_utc()};
  if (!shows_tai && calendar.is_unreadable(time)) return;

  const SampleFate fate =
      filter_.add({.counter = reading.counter, .window_ticks = reading.window_ticks, .time = time});
  if (fate == SampleFate::kTaken) {
    ++samples_;
    error_ = static_cast<double>(error.value_or(settings_.error).count());
  } else if (fate == SampleFate::kDisrupted) {
    note_disruption(reading.counter);
  }
}

void Source::note_disruption(Counter now) noexcept {
  disrupted_at_[disruptions_ % disrupted_at_.size()] = now;
  ++disruptions_;
  timescale_ = settings_.timescale;
}

bool Source::is_restless(Counter now) const noexcept {
  if (disruptions_ < disrupted_at_.size()) return false;
  // The slot that comes next holds the oldest.
  return seconds(now - disrupted_at_[disruptions_ % disrupted_at_.size()]) < 60;
}

void Source::reconfigure(const SourceSettings& settings) noexcept {
  settings_ = settings;
  error_ = static_cast<double>(settings.error.count());
  filter_.reconfigure(settings.filter);
  timescale_ = settings.timescale;
}

void Source::restart() noexcept {
  filter_.restart();
  timescale_ = settings_.timescale;
}

void Source::correct(std::chrono::seconds offset) noexcept {
  if (timescale_ != Timescale::kTai) filter_.shift(offset);
}

SourceState Source::state(Counter now) const noexcept {
  const bool is_silent =
      readings_ == 0 || seconds_since_reading(now) > static_cast<double>(kPatience.count());
  if (is_silent) return SourceState::kAbsent;
  if (!healthy_ || is_restless(now)) return SourceState::kUntrusted;
  if (filter_.is_tracking()) return SourceState::kTracking;
  if (disruptions_ != 0) return SourceState::kDisrupted;
  return timescale_ == Timescale::kAuto ? SourceState::kUnscaled : SourceState::kStarting;
}

double Source::bound(Counter now) const noexcept {
  const Estimate estimate = filter_.at(now);
  const double age = std::abs(seconds(now - filter_.last_sample()));
  // Software may steer a clock faster than the filters follow.
  const double lag = settings_.kind == SourceKind::kSystem
                         ? std::min(std::abs(filter_.innovation()), settings_.filter.slack)
                         : 0;
  return error_ + lag + filter_.narrowest_window() / 2 + settings_.filter.noise_floor / 2 +
         kSigmas * estimate.phase_sigma +
         (settings_.wander * 1e9 + kSigmas * estimate.frequency_sigma) * age;
}

double Source::bound_growth() const noexcept {
  return settings_.wander * 1e9 + kSigmas * filter_.at(filter_.last_sample()).frequency_sigma;
}

}  // namespace pollux::clock
