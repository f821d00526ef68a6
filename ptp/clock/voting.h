// Which clocks agree: the interval that more than half of the voters share (Marzullo's algorithm).
// Pure; used by the clock thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace pollux::clock {

inline constexpr std::size_t kMaximumVotes = 32;

// Where a voter says that true time lies, ns from some common clock.
struct Interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] constexpr bool is_valid() const noexcept { return low <= high; }
  [[nodiscard]] constexpr bool overlaps(const Interval& other) const noexcept {
    return low <= other.high && other.low <= high;
  }
  [[nodiscard]] constexpr Interval shifted(double by) const noexcept {
    return {.low = low + by, .high = high + by};
  }
  [[nodiscard]] constexpr Interval widened(double by) const noexcept {
    return {.low = low - by, .high = high + by};
  }
};

// The stretch on which the most of at most kMaximumVotes intervals lie over each other; nothing
// unless these are more than half. What is no interval (ends out of order, or not numbers) does not
// vote.
[[nodiscard]] std::optional<Interval> majority(std::span<const Interval> intervals) noexcept;

}  // namespace pollux::clock
