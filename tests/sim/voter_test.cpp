// Whether a hardware clock is believed: what the system clock and the clocks behind it say.
#include <gtest/gtest.h>

#include "tests/sim/simulation.h"
#include "tests/sim/watch.h"

namespace pollux::sim {
namespace {

using clock::ClockState;
using clock::Opinion;

constexpr double kMillisecond = 1e6;

SimulationSettings untrusting(bool system_synchronised = true) {
  return {.system_synchronised = system_synchronised, .grid = 0.01, .timekeeper = {}};
}

ClockState state_of(Simulation& simulation) { return simulation.keeper().report().state; }

// Nothing wrong may be served; a backward step neither.
void expect_honest(const Watch& watch) {
  EXPECT_EQ(watch.violations, 0U) << watch.largest_error;
  EXPECT_EQ(watch.backward, 0U);
}

TEST(Voters, NobodyAndNoTrustIsInit) {
  Simulation simulation{untrusting(false)};
  Watch watch;
  simulation.run(120, watch());
  EXPECT_EQ(watch.checks, 0U);
  EXPECT_EQ(state_of(simulation), ClockState::kInit);
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kNone);
}

TEST(Voters, ASynchronisedSystemClockConfirms) {
  Simulation simulation{untrusting()};
  simulation.system().error = 3 * kMillisecond;
  Watch watch;
  simulation.run(60, watch());
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kAgreed);
  expect_honest(watch);
  EXPECT_LT(watch.largest_error, 1'000);  // its error is not ours
}

TEST(Voters, ThatDoNotKnowTheTimeConfirmNobody) {
  Simulation simulation{untrusting(false)};
  simulation.voters() = {{.error = 0, .half_width = 110 * kMillisecond},
                         {.error = 0, .half_width = 400 * kMillisecond}};
  Watch watch;
  simulation.run(60, watch());
  EXPECT_EQ(watch.checks, 0U);
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kNone);
  simulation.voters() = {{.error = 0, .half_width = 90 * kMillisecond},
                         {.error = 0, .half_width = 400 * kMillisecond}};
  simulation.run(60, watch());
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kAgreed);
}

TEST(Voters, AMajorityConfirmsBesideAFalseticker) {
  Simulation simulation{untrusting()};
  simulation.voters() = {{.error = 2e6, .half_width = 5e6},
                         {.error = -1e6, .half_width = 3e6},
                         {.error = 700e6, .half_width = 4e6}};
  Watch watch;
  simulation.run(60, watch());
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kAgreed);
  expect_honest(watch);
}

// The clock is wrong from the start: it is never served, the system clock is.
TEST(Voters, AMajorityDisputesAWrongClockFromTheStart) {
  for (const bool trusted : {false, true}) {
    SimulationSettings settings = untrusting();
    settings.timekeeper.trust_phc = trusted;
    Simulation simulation{settings};
    simulation.voters() = {{.half_width = 5e6}, {.half_width = 3e6}, {.half_width = 4e6}};
    simulation.phc().error = 300 * kMillisecond;
    std::size_t on_phc = 0;
    Watch watch;
    simulation.run(120, [&](const Check& check) {
      watch.look(check);
      on_phc += check.state == ClockState::kLocked ? 1U : 0U;
    });
    EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kDisputed);
    if (trusted) {
      // Who says so gets it; not knowable here.
      EXPECT_EQ(state_of(simulation), ClockState::kLocked);
      continue;
    }
    EXPECT_EQ(on_phc, 0U);
    EXPECT_EQ(state_of(simulation), ClockState::kFallback);
    expect_honest(watch);
    EXPECT_GT(watch.checks, 10'000U);
  }
}

// It slowly leaves the others behind: 100 ms in 2000 s.
TEST(Voters, DisputeAClockThatDriftsAway) {
  Simulation simulation{untrusting()};
  simulation.voters() = {{.half_width = 2e6}, {.half_width = 3e6}, {.half_width = 4e6}};
  simulation.run(60);
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);
  double served = 0;
  simulation.run(2'000, [&](const Check& check) {
    simulation.phc().error += 50e3 * 0.01;
    if (check.synchronised) served = std::max(served, std::abs(check.error));
  });
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kDisputed);
  EXPECT_NE(state_of(simulation), ClockState::kLocked);
  // Not farther than they can tell it.
  EXPECT_LT(served, 25e6 + 4e6 + 1e6);
}

// A disputed clock is held over by what it said before, and then left for the system clock.
TEST(Voters, ADisputeAfterAStepIsHoldoverThenFallback) {
  Simulation simulation{untrusting()};
  simulation.system().kernel.maximum_error = std::chrono::microseconds{1'500};
  simulation.voters() = {{.half_width = 5e6}, {.half_width = 3e6}, {.half_width = 4e6}};
  simulation.run(120);
  simulation.phc().error = 200 * kMillisecond;
  Watch watch;
  simulation.run(300, watch());
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kDisputed);
  EXPECT_EQ(state_of(simulation), ClockState::kHoldover);
  EXPECT_GT(watch.unsynchronised, 0U);
  simulation.run(1'500, watch());
  EXPECT_EQ(state_of(simulation), ClockState::kFallback);
  expect_honest(watch);
  EXPECT_LT(watch.largest_error, 2e6);

  simulation.phc().error = 0;
  simulation.run(60, watch());
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);
  expect_honest(watch);
}

TEST(Voters, ASmearedOneAmongThreeIsOutvoted) {
  Simulation simulation{untrusting()};
  simulation.voters() = {{.half_width = 5e6}, {.half_width = 3e6}, {.half_width = 1e6}};
  simulation.run(30);
  Watch watch;
  simulation.run(300, [&](const Check& check) {
    simulation.voters().back().error = -500e6 * (check.time - 30) / 300;
    watch.look(check);
    ASSERT_EQ(simulation.keeper().opinion(0), Opinion::kAgreed);
  });
  expect_honest(watch);
  EXPECT_EQ(watch.unsynchronised, 0U);
  EXPECT_LT(watch.largest_error, 1'000);
}

// A step that puts a wrong clock right: voters bound what is left in doubt.
TEST(Voters, ConfirmAStep) {
  Simulation simulation{untrusting()};
  simulation.phc().error = 20 * kMillisecond;
  simulation.voters() = {{.half_width = 2e6}, {.half_width = 3e6}, {.half_width = 4e6}};
  simulation.run(60);
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);  // within their reach
  simulation.phc().error = 0;
  simulation.run(10);
  EXPECT_EQ(state_of(simulation), ClockState::kFallback);
  EXPECT_EQ(simulation.keeper().opinion(0), Opinion::kAgreed);
  Watch watch;
  simulation.run(60, watch());
  expect_honest(watch);
  EXPECT_EQ(watch.unsynchronised, 0U);
}

TEST(Voters, ConfirmOrDisputeALargeStep) {
  for (const bool right : {false, true}) {
    Simulation simulation{untrusting(false)};
    simulation.voters() = {{.half_width = 2e6}, {.half_width = 3e6}};
    simulation.phc().error = right ? 24 * kMillisecond : 0;
    simulation.run(60);
    EXPECT_EQ(state_of(simulation), ClockState::kLocked);
    simulation.phc().error = right ? -20 * kMillisecond : 44 * kMillisecond;
    simulation.run(60);
    EXPECT_EQ(simulation.keeper().opinion(0), right ? Opinion::kAgreed : Opinion::kDisputed);
    EXPECT_EQ(state_of(simulation), right ? ClockState::kLocked : ClockState::kHoldover);
    if (right) {
      EXPECT_NEAR(simulation.keeper().report().doubt, 22e6, 0.1e6);
    }
  }
}

TEST(TwoClocks, TheSecondIsServedWhenTheFirstGoesAndWhenItStepsFar) {
  SimulationSettings settings = untrusting(false);
  settings.phcs = {kCrossTimestamp, kEna};
  Simulation simulation{settings};
  simulation.run(120);
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);
  EXPECT_EQ(simulation.keeper().report().reference, 0U);
  Watch watch;
  simulation.phc(0).gone = true;
  simulation.run(60, watch());
  EXPECT_EQ(simulation.keeper().report().reference, 1U);
  simulation.phc(0).gone = false;
  simulation.run(60, watch());
  EXPECT_EQ(simulation.keeper().report().reference, 0U);
  simulation.phc(0).error = 1e9;
  simulation.run(60, watch());
  // The two contradict each other now, but only one of them jumped.
  EXPECT_EQ(state_of(simulation), ClockState::kLocked);
  EXPECT_EQ(simulation.keeper().report().reference, 1U);
  expect_honest(watch);
  EXPECT_EQ(watch.unsynchronised, 0U);
}

}  // namespace
}  // namespace pollux::sim
