// Counts over the checks of a simulation what must not happen.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "tests/sim/simulation.h"

namespace pollux::sim {

struct Watch {
  std::size_t checks = 0;      // while synchronised
  std::size_t violations = 0;  // of the bound
  std::size_t backward = 0;
  std::size_t unsynchronised = 0;
  std::optional<double> first_unsynchronised;
  std::optional<Check> first_violation;
  double largest_error = 0;  // while synchronised, ns
  double largest_bound = 0;

  void look(const Check& check) {
    backward += check.went_back ? 1U : 0U;
    if (!check.synchronised) {
      ++unsynchronised;
      if (!first_unsynchronised) first_unsynchronised = check.time;
      return;
    }
    ++checks;
    if (std::abs(check.error) > check.bound) {
      ++violations;
      if (!first_violation) first_violation = check;
    }
    largest_error = std::max(largest_error, std::abs(check.error));
    largest_bound = std::max(largest_bound, check.bound);
  }
  auto operator()() {
    return [this](const Check& check) { look(check); };
  }
};

}  // namespace pollux::sim
