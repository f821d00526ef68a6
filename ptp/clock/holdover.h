// The line on which the served time runs on without its source: the last estimate, and how far it
// may be off by now. Pure value; owned by the timekeeper.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ptp/clock/filter_bank.h"

namespace pollux::clock {

// How far `a` is ahead of `b`, ns.
[[nodiscard]] inline double ahead(const Estimate& a, const Estimate& b) noexcept {
  return static_cast<double>((a.time - b.time).count()) + (a.fraction - b.fraction);
}

struct Holdover {
  std::size_t source = 0;  // that was followed
  Counter since;           // when the line was taken
  Counter last_sample;     // of the source
  Estimate estimate;       // at `since`
  double bound = 0;        // ns, at `since`
  double growth = 0;       // ns/s

  [[nodiscard]] double age(Counter now, double nominal_hertz) const noexcept {
    return static_cast<double>(now - since) / nominal_hertz;
  }

  [[nodiscard]] double bound_after(double seconds) const noexcept {
    return bound + growth * std::abs(seconds);
  }

  [[nodiscard]] Estimate after(double seconds) const noexcept {
    const double total = estimate.fraction + seconds * (1e9 + estimate.frequency);
    const double whole = std::floor(total);
    Estimate later = estimate;
    later.time += std::chrono::nanoseconds{static_cast<std::int64_t>(whole)};
    later.fraction = total - whole;
    later.phase_sigma += std::abs(seconds) * estimate.frequency_sigma;
    return later;
  }
};

}  // namespace pollux::clock
