#include "ptp/phc/stamp_map.h"

#include <cmath>

namespace pollux::phc {

std::expected<StampMap, PhcError> StampMap::through(const ClockReading& before,
                                                    const ClockReading& after, double hertz,
                                                    std::chrono::nanoseconds longest) noexcept {
  // Differences only: they are short, and exact in a double.
  const double nominal = hertz * 1e-9;
  const auto ticks = static_cast<double>(after.counter - before.counter);
  const double by_counter = ticks / nominal;
  if (by_counter > static_cast<double>(longest.count())) return std::unexpected{PhcError::kSlow};
  const auto by_clock = static_cast<double>((after.time - before.time).count());
  const double doubt =
      static_cast<double>(before.window_ticks + after.window_ticks) / (2 * nominal);
  if (by_clock <= 0 || ticks <= 0 ||
      std::abs(by_clock - by_counter) > kSteepest * by_counter + doubt)
    return std::unexpected{PhcError::kUneven};
  return StampMap{before, after.time, ticks / by_clock};
}

clock::Counter StampMap::at(std::chrono::nanoseconds stamp) const noexcept {
  const auto distance = static_cast<double>((stamp - before_.time).count());
  return before_.counter + std::llround(distance * ticks_a_nanosecond_);
}

std::int64_t StampMap::ticks(std::chrono::nanoseconds length) const noexcept {
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(length.count()) * ticks_a_nanosecond_));
}

}  // namespace pollux::phc
