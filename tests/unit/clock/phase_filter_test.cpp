#include "ptp/clock/phase_filter.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pollux::clock {
namespace {

constexpr PhaseState kState{
    .phase = 100, .frequency = 10, .phase_variance = 400, .covariance = 5, .frequency_variance = 1};

PhaseFilter started(double wander, const PhaseState& state = kState) {
  PhaseFilter filter{wander};
  filter.start(state);
  return filter;
}

bool is_covariance(const PhaseState& state) {
  return state.phase_variance > 0 && state.frequency_variance > 0 &&
         state.covariance * state.covariance <= state.phase_variance * state.frequency_variance;
}

TEST(PhaseFilter, PredictsByTheTwoStateModel) {
  const PhaseState later = started(2).at(3);
  EXPECT_DOUBLE_EQ(later.phase, 130);
  EXPECT_DOUBLE_EQ(later.frequency, 10);
  EXPECT_DOUBLE_EQ(later.phase_variance, 400 + 2 * 3 * 5 + 9 * 1 + 3 * 1.0 + 2 * 27 / 3.0);
  EXPECT_DOUBLE_EQ(later.covariance, 5 + 3 * 1 + 2 * 9 / 2.0);
  EXPECT_DOUBLE_EQ(later.frequency_variance, 1 + 2 * 3);
}

TEST(PhaseFilter, KnowsLessEarlierAsWellAsLater) {
  const PhaseFilter filter = started(2);
  for (const double seconds : {-1e5, -100.0, -10.0, 10.0, 100.0, 1e5}) {
    const PhaseState state = filter.at(seconds);
    EXPECT_DOUBLE_EQ(state.phase, 100 + 10 * seconds);
    EXPECT_GT(state.phase_variance, kState.phase_variance) << seconds;
    EXPECT_GT(state.frequency_variance, kState.frequency_variance) << seconds;
    EXPECT_TRUE(is_covariance(state)) << seconds;
  }
}

TEST(PhaseFilter, TwoStepsPredictWhatOneDoes) {
  PhaseFilter filter = started(2);
  filter.advance(1, 0);
  filter.advance(2, 7);
  const PhaseState one = started(2).at(3);
  EXPECT_NEAR(filter.state().phase, one.phase + 7, 1e-9);
  EXPECT_NEAR(filter.state().phase_variance, one.phase_variance, 1e-9);
  EXPECT_NEAR(filter.state().covariance, one.covariance, 1e-9);
  EXPECT_NEAR(filter.state().frequency_variance, one.frequency_variance, 1e-9);
}

TEST(PhaseFilter, WeighsAReadingByTheVariances) {
  PhaseFilter filter = started(0);
  filter.update(50, 100);  // gain 400 / 500
  EXPECT_DOUBLE_EQ(filter.state().phase, 140);
  EXPECT_DOUBLE_EQ(filter.state().frequency, 10.5);
  EXPECT_DOUBLE_EQ(filter.state().phase_variance, 80);
  EXPECT_DOUBLE_EQ(filter.state().covariance, 1);
  EXPECT_DOUBLE_EQ(filter.state().frequency_variance, 1 - 25.0 / 500);
}

TEST(PhaseFilter, FindsAFrequencyThatItDidNotKnow) {
  PhaseFilter filter = started(0.02, {.phase_variance = 1e6, .frequency_variance = 1e6});
  for (int i = 1; i <= 400; ++i) {
    filter.advance(0.125, 0);
    filter.update(0.125 * i * 300 - filter.state().phase, 64);
  }
  EXPECT_NEAR(filter.state().frequency, 300, 1);
  EXPECT_LT(filter.state().frequency_variance, 1);
}

// The machine slept: after days of prediction one reading settles the phase, and rounding leaves no
// negative variance.
TEST(PhaseFilter, StaysACovarianceAfterAGapOfDays) {
  for (const double wander : {0.02, 20.0, 20'000.0}) {
    for (const double days : {1.0, 30.0, 3'650.0}) {
      PhaseFilter filter = started(wander);
      filter.advance(days * 86'400, 0);
      filter.update(1e6, 64);
      EXPECT_TRUE(is_covariance(filter.state())) << wander << ' ' << days;
      EXPECT_NEAR(filter.state().phase_variance, 64, 1);
      filter.advance(0.125, 0);
      filter.update(10, 64);
      EXPECT_TRUE(is_covariance(filter.state())) << wander << ' ' << days;
    }
  }
}

}  // namespace
}  // namespace pollux::clock
