#include "ptp/message/ptp4l_health.h"

#include <algorithm>
#include <cmath>

namespace pollux::message {

namespace {

using std::chrono::nanoseconds;

// Codes 0x17 to 0x30 of IEEE 1588-2019 table 5 in nanoseconds; what is less than one is one.
constexpr std::uint8_t kFirstCode = 0x17;
constexpr std::array<std::int64_t, 26> kAccuracies{1,
                                                   1,
                                                   1,
                                                   1,
                                                   1,
                                                   1,
                                                   1,
                                                   3,
                                                   10,
                                                   25,
                                                   100,
                                                   250,
                                                   1'000,
                                                   2'500,
                                                   10'000,
                                                   25'000,
                                                   100'000,
                                                   250'000,
                                                   1'000'000,
                                                   2'500'000,
                                                   10'000'000,
                                                   25'000'000,
                                                   100'000'000,
                                                   250'000'000,
                                                   1'000'000'000,
                                                   10'000'000'000};

bool is_within(nanoseconds offset, nanoseconds limit) noexcept {
  return -limit <= offset && offset <= limit;
}

}  // namespace

std::optional<nanoseconds> clock_accuracy_bound(std::uint8_t code) noexcept {
  const std::size_t index = std::size_t{code} - kFirstCode;
  if (code < kFirstCode || index >= kAccuracies.size()) return std::nullopt;
  return nanoseconds{kAccuracies[index]};
}

void OffsetWindow::add(nanoseconds offset) noexcept {
  offsets_[count_ % kSize] = static_cast<double>(offset.count());
  // Keeps its place in the ring and never runs over.
  count_ = count_ + 1 == 2 * kSize ? kSize : count_ + 1;
}

nanoseconds OffsetWindow::bound() const noexcept {
  constexpr double kMost = 1e18;
  const std::size_t size = std::min(count_, kSize);
  if (size == 0) return nanoseconds{0};
  const auto used = std::span{offsets_}.first(size);
  double sum = 0;
  for (const double offset : used) sum += offset;
  const double mean = sum / static_cast<double>(size);
  double squares = 0;
  for (const double offset : used) squares += (offset - mean) * (offset - mean);
  const double deviation = size < 2 ? 0 : std::sqrt(squares / static_cast<double>(size - 1));
  const double bound = std::ceil(std::abs(mean) + 4 * deviation);
  return nanoseconds{static_cast<std::int64_t>(std::min(bound, kMost))};
}

void Ptp4lJudge::follow(const TimeStatus& status, nanoseconds now) noexcept {
  // What the first round tells may be as old as it likes: a Sync is seen by its difference. ptp4l
  // clears the time when it starts over.
  const bool has_sync = status.grandmaster_present && status.ingress_time != nanoseconds{0};
  const bool is_new = last_ && status.ingress_time != last_->ingress_time;
  const bool is_other = last_ && status.grandmaster != last_->grandmaster;
  last_ = status;
  if (!has_sync || is_other) last_sync_.reset();
  // A gap in Sync makes the offsets before it no witness of those after.
  if (is_other || is_silent(now)) window_.clear();
  if (!has_sync || !is_new) return;
  last_sync_ = now;
  window_.add(status.master_offset);
}

bool Ptp4lJudge::is_silent(nanoseconds now) const noexcept {
  return !last_sync_ || now - *last_sync_ > settings_.longest_silence;
}

Ptp4lVerdict Ptp4lJudge::verdict(const Ptp4lDataSets& sets, nanoseconds now) const noexcept {
  if (!sets.status.grandmaster_present) return Ptp4lVerdict::kNoGrandmaster;
  if (is_silent(now)) return Ptp4lVerdict::kSilentGrandmaster;
  if (sets.parent.grandmaster_quality.clock_class > settings_.worst_clock_class)
    return Ptp4lVerdict::kPoorClockClass;
  if (!is_within(sets.status.master_offset, settings_.largest_offset) ||
      !is_within(sets.current.offset_from_master, settings_.largest_offset))
    return Ptp4lVerdict::kLargeOffset;
  return Ptp4lVerdict::kHealthy;
}

Ptp4lHealth Ptp4lJudge::judge(const Ptp4lDataSets& sets, nanoseconds now) noexcept {
  follow(sets.status, now);
  Ptp4lHealth health;
  health.verdict = verdict(sets, now);
  health.is_tai = sets.properties.ptp_timescale;
  if (health.is_tai && sets.properties.current_utc_offset_valid)
    health.tai_minus_utc = std::chrono::seconds{sets.properties.current_utc_offset};
  if (health.verdict != Ptp4lVerdict::kHealthy) return health;
  if (sets.properties.leap61) health.leap = clock::LeapIndicator::kInsert;
  if (sets.properties.leap59) health.leap = clock::LeapIndicator::kDelete;
  const auto accuracy = clock_accuracy_bound(sets.parent.grandmaster_quality.clock_accuracy);
  if (accuracy && !window_.is_young()) health.source_error = *accuracy + window_.bound();
  return health;
}

}  // namespace pollux::message
