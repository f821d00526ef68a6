// What a run of errors amounts to. Errors in ns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace pollux::sim {

struct Statistics {
  double rms = 0;
  double p999 = 0;
  double largest = 0;
  double sigma = 0;            // mean of what was reported
  std::size_t violations = 0;  // of the bound
  std::size_t backward = 0;
  std::size_t count = 0;
};

// `errors` by value: it is sorted.
[[nodiscard]] inline Statistics summarise(std::vector<double> errors) {
  Statistics result{.count = errors.size()};
  if (errors.empty()) return result;
  double sum = 0;
  for (double& error : errors) {
    sum += error * error;
    error = std::abs(error);
  }
  std::ranges::sort(errors);
  result.rms = std::sqrt(sum / static_cast<double>(errors.size()));
  result.p999 = errors[static_cast<std::size_t>(0.999 * static_cast<double>(errors.size()))];
  result.largest = errors.back();
  return result;
}

// Largest change of the error within any stretch of `steps` samples (ITU-T G.810, MTIE).
[[nodiscard]] inline double mtie(const std::vector<double>& errors, std::size_t steps) {
  double largest = 0;
  const std::size_t stride = std::max<std::size_t>(1, steps / 4);
  for (std::size_t i = 0; i + steps < errors.size(); i += stride) {
    const auto begin = errors.begin() + static_cast<std::ptrdiff_t>(i);
    const auto [low, high] =
        std::minmax_element(begin, begin + static_cast<std::ptrdiff_t>(steps + 1));
    largest = std::max(largest, *high - *low);
  }
  return largest;
}

// Time deviation at `steps` samples (ITU-T G.810, TDEV).
[[nodiscard]] inline double tdev(const std::vector<double>& errors, std::size_t steps) {
  std::vector<double> sums(errors.size() + 1, 0);
  for (std::size_t i = 0; i < errors.size(); ++i) sums[i + 1] = sums[i] + errors[i];
  double total = 0;
  std::size_t count = 0;
  const std::size_t stride = std::max<std::size_t>(1, steps / 4);
  for (std::size_t i = 0; i + 3 * steps < errors.size(); i += stride) {
    const double second = (sums[i + 3 * steps] - sums[i + 2 * steps]) -
                          2 * (sums[i + 2 * steps] - sums[i + steps]) + (sums[i + steps] - sums[i]);
    total += second * second / (static_cast<double>(steps) * static_cast<double>(steps));
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(total / static_cast<double>(count) / 6);
}

}  // namespace pollux::sim
