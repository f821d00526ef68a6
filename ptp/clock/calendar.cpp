#include "ptp/clock/calendar.h"

namespace pollux::clock {

void Calendar::advance(TaiTime now) noexcept {
  leapt_ = {};
  corrected_ = {};
  if (pending_ && now >= pending_->at) {
    leapt_ = pending_->change;
    offset_ += leapt_;
    last_leap_ = pending_->at;
    outlived_ = announced_ != LeapIndicator::kNone;
    announced_ = LeapIndicator::kNone;
  }
  pending_ = next_leap(now);
  if (!started_ || !is_near_leap(now, kSettled)) {
    corrected_ = offset_wanted(now) - offset_;
    offset_ += corrected_;
  }
  started_ = true;
}

std::chrono::seconds Calendar::offset_wanted(TaiTime now) const noexcept {
  if (!table_) return told_offset_.value_or(offset_);
  if (!table_is_expired(now)) return table_->offset_at(now);
  // A table that expired before the last leap does not know of it, nor of any that it lists later.
  const bool is_outdated = last_leap_ && to_utc(*last_leap_, offset_) >= table_->expires();
  const TaiTime expiry{table_->expires().time_since_epoch() + offset_};
  return is_outdated ? offset_ : table_->offset_at(expiry);
}

std::optional<Leap> Calendar::next_leap(TaiTime now) const noexcept {
  const auto leap = table_ && !table_is_expired(now) ? table_->next_after(now)
                                                     : leap_tonight(announced_, now, offset_);
  if (!leap || leap->at - now > kAnnounced) return std::nullopt;
  return leap;
}

bool Calendar::is_near_leap(TaiTime time, std::chrono::seconds distance) const noexcept {
  return (pending_ && pending_->at - time < distance) ||
         (last_leap_ && std::chrono::abs(time - *last_leap_) < distance);
}

}  // namespace pollux::clock
