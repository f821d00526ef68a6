// Errors of the served time in ordinary operation: how large, and whether the clock knows.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/sim/simulation.h"
#include "tests/sim/statistics.h"

namespace pollux::sim {
namespace {

struct Cell {
  const char* name;
  OscillatorModel oscillator;
  ReaderModel reader;
  double largest_rms;  // ns
};

ReaderModel with_busy(ReaderModel model, double probability) {
  model.busy = probability;
  return model;
}

// Limits: what a prototype of the same filter reached on the same models, plus a fifth.
const Cell kCells[] = {
    {"good_crosststamp", kGoodOscillator, kCrossTimestamp, 1.9 * 1.2},
    {"good_mmio", kGoodOscillator, kMemoryMapped, 6.5 * 1.2},
    {"good_ena", kGoodOscillator, kEna, 47 * 1.2},
    {"good_ena_busy", kGoodOscillator, with_busy(kEna, 0.05), 47 * 1.2},
    {"bad_crosststamp", kBadOscillator, kCrossTimestamp, 3.6 * 1.2},
    {"bad_mmio", kBadOscillator, kMemoryMapped, 12.3 * 1.2},
    {"bad_ena", kBadOscillator, kEna, 93 * 1.2},
    {"bad_ena_busy", kBadOscillator, with_busy(kEna, 0.05), 93 * 1.2},
};

class Accuracy : public testing::TestWithParam<Cell> {};

// A million checks over 5000 s, with a clock that is right itself, so that nothing hides in its
// own error.
TEST_P(Accuracy, IsReachedAndKnown) {
  constexpr double kWarm = 120;
  constexpr std::size_t kSamples = 1'000'000;
  Simulation simulation{
      {.oscillator = GetParam().oscillator, .phcs = {GetParam().reader}, .seed = 11}};
  std::vector<double> errors;
  double locked = INFINITY;
  double sigma = 0;
  std::size_t checks = 0;
  std::size_t violations = 0;
  std::size_t backward = 0;
  std::size_t unsynchronised = 0;
  simulation.run(5001, [&](const Check& check) {
    if (check.synchronised) locked = std::min(locked, check.time);
    if (check.time < locked) return;
    ++checks;
    unsynchronised += check.synchronised ? 0U : 1U;
    violations += std::abs(check.error) > check.bound ? 1U : 0U;
    backward += check.went_back ? 1U : 0U;
    if (check.time < kWarm) return;
    errors.push_back(check.error);
    sigma += check.sigma;
  });
  EXPECT_GE(checks, kSamples);
  EXPECT_LT(locked, 2);
  EXPECT_EQ(violations, 0);
  EXPECT_EQ(backward, 0);
  EXPECT_EQ(unsynchronised, 0);
  sigma /= static_cast<double>(errors.size());
  const auto statistics = summarise(std::move(errors));
  EXPECT_LE(statistics.rms, GetParam().largest_rms);
  EXPECT_GT(statistics.rms / sigma, 0.7);
  EXPECT_LT(statistics.rms / sigma, 1.4);
}

INSTANTIATE_TEST_SUITE_P(Cells, Accuracy, testing::ValuesIn(kCells),
                         [](const auto& cell) { return cell.param.name; });

}  // namespace
}  // namespace pollux::sim
