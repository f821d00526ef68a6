// What is known of UTC against TAI: the offset in force and the leap second to come. Pure; owned by
// the clock thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "ptp/clock/leap.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

class Calendar {
 public:
  // Since 2017, and until somebody says otherwise.
  static constexpr std::chrono::seconds kOffsetSince2017{37};
  // A leap is announced in the header, and known to the workers, this long before.
  static constexpr std::chrono::hours kAnnounced{24};
  // Clocks that show UTC are not read this close to a leap.
  static constexpr std::chrono::seconds kUnreadable{5};

  // A table that replaces the one before; nothing: none.
  void set_table(const std::optional<LeapTable>& table) noexcept { table_ = table; }

  // TAI - UTC as a source tells it; taken where no table is.
  void tell_offset(std::chrono::seconds offset) noexcept { told_offset_ = offset; }

  // A leap at the end of the current UTC day, as the kernel or PTP announce it; kNone withdraws.
  // Counts only where no unexpired table is. An announcement that outlives its leap is not one of
  // another.
  void announce(LeapIndicator leap) noexcept {
    if (leap == LeapIndicator::kNone) outlived_ = false;
    announced_ = outlived_ ? LeapIndicator::kNone : leap;
  }

  // To be called before the others with the present time, which rises.
  void advance(TaiTime now) noexcept;

  // In force at the last advance().
  [[nodiscard]] std::chrono::seconds tai_minus_utc() const noexcept { return offset_; }
  // False where the offset is only an assumption: no clock that shows TAI can be used then.
  [[nodiscard]] bool offset_is_known() const noexcept { return table_ || told_offset_; }
  // What the last advance() changed: a leap happened, or the offset was wrong before.
  [[nodiscard]] std::chrono::seconds leapt() const noexcept { return leapt_; }
  [[nodiscard]] std::chrono::seconds corrected() const noexcept { return corrected_; }
  // The leap of the next 24 hours.
  [[nodiscard]] const std::optional<Leap>& pending() const noexcept { return pending_; }
  [[nodiscard]] bool table_is_expired(TaiTime now) const noexcept {
    return table_ && to_utc(now, offset_) >= table_->expires();
  }
  [[nodiscard]] bool has_table() const noexcept { return table_.has_value(); }
  // A reading of a clock that shows UTC may be of either side of a leap.
  [[nodiscard]] bool is_unreadable(TaiTime time) const noexcept {
    return is_near_leap(time, kUnreadable);
  }

 private:
  // Offsets are not corrected this close to a leap: others may move theirs earlier or later.
  static constexpr std::chrono::minutes kSettled{1};

  [[nodiscard]] std::optional<Leap> next_leap(TaiTime now) const noexcept;
  [[nodiscard]] std::chrono::seconds offset_wanted(TaiTime now) const noexcept;
  [[nodiscard]] bool is_near_leap(TaiTime time, std::chrono::seconds distance) const noexcept;

  std::optional<LeapTable> table_;
  std::optional<std::chrono::seconds> told_offset_;
  LeapIndicator announced_ = LeapIndicator::kNone;
  std::chrono::seconds offset_ = kOffsetSince2017;
  std::chrono::seconds leapt_{0};
  std::chrono::seconds corrected_{0};
  std::optional<Leap> pending_;
  std::optional<TaiTime> last_leap_;
  bool started_ = false;
  bool outlived_ = false;  // the announcement is that of a leap that has happened
};

}  // namespace pollux::clock
