// Leap seconds: the table that the IERS publishes, and the one that comes next. Pure; owned by the
// clock thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "ptp/clock/snapshot.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

// A leap second to come. The served scale is UTC as NTP has it: an inserted second repeats
// 23:59:59, a deleted one leaves it out.
struct Leap {
  TaiTime at{};                    // when the served scale jumps
  std::chrono::seconds change{0};  // of TAI - UTC: +1 for an inserted second, -1 for a deleted one

  [[nodiscard]] LeapIndicator indicator() const noexcept {
    return change.count() > 0 ? LeapIndicator::kInsert : LeapIndicator::kDelete;
  }
  friend constexpr bool operator==(const Leap&, const Leap&) = default;
};

// The leap that an announcement "at the end of this UTC day" means (adjtimex, PTP). Nothing for
// kNone. `tai_minus_utc` is that of `now`.
[[nodiscard]] std::optional<Leap> leap_tonight(LeapIndicator announced, TaiTime now,
                                               std::chrono::seconds tai_minus_utc) noexcept;

// leap-seconds.list as the IERS and the IANA time zone database distribute it.
class LeapTable {
 public:
  static constexpr std::size_t kMaximumEntries = 128;

  enum class Error : std::uint8_t {
    kSyntax,    // a line that is neither comment nor entry
    kOrder,     // instants do not rise, or the offset moves by other than one second
    kTooLong,   // more than kMaximumEntries
    kNoExpiry,  // no line "#@", or no entry
  };
  struct Failure {
    Error error;
    std::size_t line;  // from 1
  };

  [[nodiscard]] static std::expected<LeapTable, Failure> parse(std::string_view text) noexcept;

  // UTC instant after which the table says nothing about leaps to come.
  [[nodiscard]] UtcTime expires() const noexcept { return expires_; }

  // TAI - UTC at that time; the first or last entry's beyond the table.
  [[nodiscard]] std::chrono::seconds offset_at(TaiTime time) const noexcept;

  // The first leap after `time`.
  [[nodiscard]] std::optional<Leap> next_after(TaiTime time) const noexcept;

 private:
  struct Entry {
    UtcTime from{};  // UTC from which the offset holds
    std::chrono::seconds offset{0};
  };
  // When the served scale jumps to the offset of an entry that is not the first.
  [[nodiscard]] Leap leap_to(std::size_t entry) const noexcept;
  [[nodiscard]] std::expected<void, Error> take_line(std::string_view line) noexcept;
  [[nodiscard]] std::expected<void, Error> take_entry(std::string_view line) noexcept;

  std::array<Entry, kMaximumEntries> entries_{};
  std::size_t count_ = 0;
  UtcTime expires_{};
  bool has_expiry_ = false;
};

}  // namespace pollux::clock
