// From the hardware clock to the system clock and back.
#include <gtest/gtest.h>

#include <vector>

#include "tests/sim/simulation.h"

namespace pollux::sim {
namespace {

using clock::ClockState;

// With a system clock that is worse than the hardware clock, and better than a long holdover.
TEST(Fallback, HappensOnceAndEndsOnce) {
  Simulation simulation{{.seed = 3, .system_synchronised = true, .grid = 0.02}};
  simulation.system().error = 200e3;
  simulation.run(60);
  simulation.phc().gone = true;
  std::vector<ClockState> states;
  bool was_unsynchronised = false;
  bool went_back = false;
  const auto look = [&](const Check& check) {
    was_unsynchronised |= !check.synchronised;
    went_back |= check.went_back;
    if (states.empty() || states.back() != check.state) states.push_back(check.state);
  };
  simulation.run(7200, look);
  simulation.phc().gone = false;
  // Somewhere else than the old line says, so that it has to be gathered anew.
  simulation.phc().error = 1e6;
  simulation.run(60, look);
  EXPECT_EQ(states, (std::vector{ClockState::kLocked, ClockState::kHoldover, ClockState::kFallback,
                                 ClockState::kLocked}));
  EXPECT_FALSE(was_unsynchronised);
  EXPECT_FALSE(went_back);
}

}  // namespace
}  // namespace pollux::sim
