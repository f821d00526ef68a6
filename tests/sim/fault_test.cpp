// What is served when the hardware clock fails in some way.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/simulation.h"
#include "tests/sim/watch.h"

namespace pollux::sim {
namespace {

using clock::ClockState;

class LockedSimulation : public Simulation {
 public:
  explicit LockedSimulation(const SimulationSettings& settings = {}) : Simulation{settings} {
    run(60);
    EXPECT_EQ(keeper().report().state, ClockState::kLocked);
  }
};

class PhcStep : public testing::TestWithParam<double> {};

TEST_P(PhcStep, IsNoticedAndNeverServedAsTruth) {
  LockedSimulation simulation;
  const double begin = simulation.now();
  simulation.phc().error = GetParam();
  Watch watch;
  simulation.run(600, watch());
  EXPECT_EQ(watch.violations, 0) << watch.largest_error;
  EXPECT_EQ(watch.backward, 0);
  ASSERT_TRUE(watch.first_unsynchronised);
  EXPECT_LT(*watch.first_unsynchronised - begin, 1);
  EXPECT_GT(simulation.keeper().sources()[0].disruptions(), 0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PhcStep, testing::Values(1e6, -1e6, 1e9, -1e9));

TEST(PhcFault, StepThatGoesBackLeavesNoDoubt) {
  LockedSimulation simulation;
  simulation.phc().error = 1e6;
  simulation.run(30);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
  EXPECT_NEAR(simulation.keeper().report().doubt, 1e6, 1e4);
  simulation.phc().error = 0;
  simulation.run(120);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
  EXPECT_EQ(simulation.keeper().report().doubt, 0);
}

TEST(PhcFault, LargeStepStaysUnsynchronisedWithoutVoters) {
  LockedSimulation simulation;
  simulation.phc().error = 1e9;
  simulation.run(300);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kUnsync);
  simulation.phc().error = 0;
  simulation.run(120);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
}

TEST(PhcFault, FrozenIsNoticed) {
  LockedSimulation simulation;
  const double begin = simulation.now();
  simulation.phc().frozen = begin;
  Watch watch;
  simulation.run(300, watch());
  EXPECT_EQ(watch.violations, 0);
  ASSERT_TRUE(watch.first_unsynchronised);
  EXPECT_LT(*watch.first_unsynchronised - begin, 2);
  // Distrusted for good: the time runs on by what the clock said before.
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kHoldover);
}

class Holdover : public testing::TestWithParam<OscillatorModel> {};

TEST_P(Holdover, AnHourIsHonest) {
  Simulation simulation{{.oscillator = GetParam(), .seed = 5}};
  simulation.run(1800);
  simulation.phc().gone = true;
  Watch watch;
  simulation.run(3600, watch());
  EXPECT_EQ(watch.violations, 0) << watch.largest_error << " of " << watch.largest_bound;
  EXPECT_EQ(watch.backward, 0);
  EXPECT_FALSE(watch.first_unsynchronised);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kHoldover);
  EXPECT_NEAR(simulation.keeper().report().holdover_age, 3600, 3);
  // 20 to 210 ppb of drift after half an hour of lock, and a bound within a factor of what it
  // covers.
  EXPECT_LT(watch.largest_error, 210e-9 * 3600 * 1e9);
  EXPECT_LT(watch.largest_bound, 20e6);

  simulation.phc().gone = false;
  simulation.run(60);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
  EXPECT_EQ(simulation.keeper().report().doubt, 0);
}

INSTANTIATE_TEST_SUITE_P(Oscillators, Holdover, testing::Values(kGoodOscillator, kBadOscillator));

TEST(PhcFault, PauseOfTheMachineIsUnsynchronisedUntilTheClockThreadRuns) {
  LockedSimulation simulation;
  simulation.pause(10);
  EXPECT_EQ(clock::unpack(simulation.served().header).leap, clock::LeapIndicator::kUnsynchronised);
  Watch watch;
  simulation.run(60, watch());
  EXPECT_EQ(watch.violations, 0);
  EXPECT_EQ(watch.backward, 0);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
}

TEST(PhcFault, DisruptionMarkerStartsAnew) {
  LockedSimulation simulation;
  simulation.keeper().disrupt();
  Watch watch;
  const double begin = simulation.now();
  simulation.run(10, watch());
  ASSERT_TRUE(watch.first_unsynchronised);
  EXPECT_LT(*watch.first_unsynchronised - begin, 0.3);
  EXPECT_EQ(watch.violations, 0);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
}

TEST(PhcFault, OneOutlierIsNothing) {
  LockedSimulation simulation;
  Watch watch;
  for (int i = 0; i < 50; ++i) {
    simulation.phc().error = 1e6;
    simulation.run(0.125, watch());
    simulation.phc().error = 0;
    simulation.run(1, watch());
  }
  EXPECT_EQ(watch.violations, 0);
  EXPECT_EQ(watch.backward, 0);
  EXPECT_FALSE(watch.first_unsynchronised);
  EXPECT_LT(watch.largest_error, 100);
}

}  // namespace
}  // namespace pollux::sim
