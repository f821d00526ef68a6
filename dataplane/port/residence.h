// How long requests stay with a worker, from before the receive call that took them until their
// replies are with the device: a histogram in ticks of the counter. The worker writes, one sample
// for each burst; any thread reads.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/responder/counters.h"

namespace pollux::port {

// Each power of two in eight steps: a sample is known to an eighth of itself. Up to 2^32 ticks, a
// second and more; what is longer counts in the last step.
inline constexpr unsigned kResidenceStepBits = 3;
inline constexpr std::size_t kResidenceSteps = (32 - kResidenceStepBits + 1) << kResidenceStepBits;

using ResidenceCounts = std::array<std::uint64_t, kResidenceSteps>;

[[nodiscard]] constexpr std::size_t residence_step(std::uint64_t ticks) noexcept {
  const auto shift = static_cast<unsigned>(std::bit_width(ticks >> kResidenceStepBits));
  if (shift == 0) return ticks;
  // The highest bit is 1; those that follow it number the steps of its power of two.
  const std::uint64_t step =
      (std::uint64_t{shift - 1} << kResidenceStepBits) + (ticks >> (shift - 1));
  return std::min<std::uint64_t>(step, kResidenceSteps - 1);
}

// The least sample, in ticks, that counts in a step.
[[nodiscard]] constexpr std::uint64_t residence_floor(std::size_t step) noexcept {
  constexpr std::size_t kSteps = std::size_t{1} << kResidenceStepBits;
  if (step < 2 * kSteps) return step;
  return std::uint64_t{kSteps + step % kSteps} << (step / kSteps - 1);
}

class Residence {
 public:
  // `ticks` below 0, which a counter that goes back gives, count as 0.
  void add(std::int64_t ticks, std::uint64_t requests) noexcept {
    steps_[residence_step(static_cast<std::uint64_t>(std::max<std::int64_t>(ticks, 0)))].add(
        requests);
  }

  [[nodiscard]] ResidenceCounts read() const noexcept {
    ResidenceCounts counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = steps_[i].read();
    return counts;
  }

 private:
  std::array<responder::Count, kResidenceSteps> steps_;
};

}  // namespace pollux::port
