// How steady the served time is: MTIE and TDEV (ITU-T G.810) in ordinary operation, and what a
// frequency from an earlier run is good for.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "tests/sim/simulation.h"
#include "tests/sim/statistics.h"
#include "tests/sim/watch.h"

namespace pollux::sim {
namespace {

constexpr double kGrid = 0.05;
// Lengths for which the limits hold, s.
constexpr std::array<double, 4> kMtieLengths{1, 10, 100, 1'000};
constexpr std::array<double, 3> kTdevLengths{1, 10, 100};

struct Cell {
  const char* name;
  OscillatorModel oscillator;
  ReaderModel reader;
  std::array<double, 4> mtie;  // ns
  std::array<double, 3> tdev;
};

// Limits: what was measured with this seed, plus a fifth.
const Cell kCells[] = {
    {"good_crosststamp", kGoodOscillator, kCrossTimestamp, {7.3, 18, 18, 19}, {0.7, 1.4, 0.5}},
    {"good_mmio", kGoodOscillator, kMemoryMapped, {25, 71, 71, 77}, {1.5, 5.3, 2.1}},
    {"good_ena", kGoodOscillator, kEna, {160, 350, 420, 460}, {5.7, 25, 26}},
    {"bad_crosststamp", kBadOscillator, kCrossTimestamp, {22, 29, 35, 39}, {2.5, 1.5, 1.3}},
    {"bad_mmio", kBadOscillator, kMemoryMapped, {49, 110, 120, 130}, {5.3, 7.5, 3.9}},
    {"bad_ena", kBadOscillator, kEna, {230, 510, 720, 870}, {17, 62, 38}},
};

class Stability : public testing::TestWithParam<Cell> {};

TEST_P(Stability, IsWithinItsLimits) {
  Simulation simulation{{.oscillator = GetParam().oscillator,
                         .phcs = {GetParam().reader},
                         .seed = 23,
                         .grid = kGrid}};
  simulation.run(120);
  std::vector<double> errors;
  simulation.run(7'200, [&](const Check& check) { errors.push_back(check.error); });
  for (std::size_t i = 0; i < kMtieLengths.size(); ++i) {
    const auto steps = static_cast<std::size_t>(std::lround(kMtieLengths[i] / kGrid));
    EXPECT_LE(mtie(errors, steps), GetParam().mtie[i]) << kMtieLengths[i];
  }
  for (std::size_t i = 0; i < kTdevLengths.size(); ++i) {
    const auto steps = static_cast<std::size_t>(std::lround(kTdevLengths[i] / kGrid));
    EXPECT_LE(tdev(errors, steps), GetParam().tdev[i]) << kTdevLengths[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Stability, testing::ValuesIn(kCells),
                         [](const auto& cell) { return cell.param.name; });

struct ShortLock {
  double locked = INFINITY;  // s until locked
  Watch holdover;
};

// Locks for a second, then loses the clock for ten minutes.
ShortLock lose_early(bool is_known, std::uint64_t seed) {
  Simulation simulation{{.phcs = {kEna}, .seed = seed, .grid = 0.02}};
  // As of yesterday: 20 ppb have changed since.
  if (is_known) simulation.keeper().source(0).expect({.frequency = 7'280, .sigma = 20});
  ShortLock result;
  while (simulation.now() < 2.5) {
    simulation.run(0.02, [&](const Check& check) {
      if (check.synchronised) result.locked = std::min(result.locked, check.time);
    });
  }
  simulation.phc().gone = true;
  simulation.run(600, result.holdover());
  return result;
}

TEST(KnownFrequency, HelpsHoldoverAfterAShortLockAndShortensNothing) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const ShortLock known = lose_early(true, seed);
    const ShortLock unknown = lose_early(false, seed);
    EXPECT_DOUBLE_EQ(known.locked, unknown.locked);
    for (const ShortLock& lock : {known, unknown}) {
      EXPECT_EQ(lock.holdover.violations, 0U);
      EXPECT_EQ(lock.holdover.unsynchronised, 0U);
      EXPECT_EQ(lock.holdover.backward, 0U);
    }
    // 20 ppb of error and the wander of the oscillator.
    EXPECT_LT(known.holdover.largest_error, 600 * 60);
    EXPECT_LT(known.holdover.largest_bound, unknown.holdover.largest_bound * 0.9);
  }
}

}  // namespace
}  // namespace pollux::sim
