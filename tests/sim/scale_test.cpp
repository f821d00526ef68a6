// Timescales of hardware clocks, and the end of the NTP era in 2036.
#include <gtest/gtest.h>

#include <string>

#include "tests/sim/leap_tables.h"
#include "tests/sim/simulation.h"
#include "tests/sim/watch.h"

namespace pollux::sim {
namespace {

using clock::ClockState;
using clock::Timescale;
using std::chrono::seconds;

Watch run_and_watch(Simulation& simulation, double length) {
  Watch watch;
  simulation.run(length, watch());
  return watch;
}

void expect_served(Simulation& simulation) {
  simulation.run(10);
  const Watch watch = run_and_watch(simulation, 60);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kLocked);
  EXPECT_EQ(watch.unsynchronised, 0U);
  EXPECT_EQ(watch.violations, 0U) << watch.largest_error;
  EXPECT_EQ(watch.backward, 0U);
  EXPECT_LT(watch.largest_error, 1'000);
}

TEST(TaiPhc, IsServedByTheOffsetOfTheTable) {
  Simulation simulation{{.tai_minus_utc = seconds{37}, .timescale = Timescale::kTai}};
  simulation.phc().shows_tai = true;
  simulation.system().kernel.tai_minus_utc = seconds{0};
  simulation.keeper().set_leap_table(leap_table(0));
  expect_served(simulation);
}

TEST(TaiPhc, IsServedByTheOffsetOfTheKernelOrOfPtp) {
  for (const bool by_ptp : {false, true}) {
    Simulation simulation{{.tai_minus_utc = seconds{39}, .timescale = Timescale::kTai}};
    simulation.phc().shows_tai = true;
    if (by_ptp) {
      simulation.system().kernel.tai_minus_utc = seconds{0};
      simulation.keeper().tell_ptp_time(seconds{39}, clock::LeapIndicator::kNone);
    }
    expect_served(simulation);
  }
}

TEST(TaiPhc, IsNotServedWhileTheOffsetIsUnknown) {
  Simulation simulation{{.timescale = Timescale::kTai}};
  simulation.phc().shows_tai = true;
  simulation.system().kernel.tai_minus_utc = seconds{0};
  EXPECT_EQ(run_and_watch(simulation, 30).checks, 0U);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kInit);
  simulation.system().kernel.tai_minus_utc = seconds{37};
  expect_served(simulation);
}

TEST(AutoPhc, IsRecognisedBesideASynchronisedSystemClock) {
  for (const bool shows_tai : {false, true}) {
    Simulation simulation{{.timescale = Timescale::kAuto, .system_synchronised = true}};
    simulation.system().error = 20e6;
    simulation.phc().shows_tai = shows_tai;
    expect_served(simulation);
    EXPECT_EQ(simulation.keeper().sources()[0].timescale(),
              shows_tai ? Timescale::kTai : Timescale::kUtc);
  }
}

TEST(AutoPhc, IsNotServedWithoutOne) {
  Simulation simulation{{.timescale = Timescale::kAuto}};
  EXPECT_EQ(run_and_watch(simulation, 30).checks, 0U);
  EXPECT_EQ(simulation.keeper().sources()[0].state(simulation.counter()),
            clock::SourceState::kUnscaled);
  simulation.system().kernel.synchronised = true;
  expect_served(simulation);
}

// GPS time is 18 s ahead of UTC: neither.
TEST(AutoPhc, RefusesAnotherScale) {
  Simulation simulation{{.timescale = Timescale::kAuto, .system_synchronised = true}};
  simulation.phc().error = 18e9;
  simulation.run(60);
  EXPECT_EQ(simulation.keeper().report().state, ClockState::kFallback);
  EXPECT_EQ(simulation.keeper().sources()[0].timescale(), Timescale::kAuto);
}

struct EraCase {
  const char* name;
  bool has_phc;
  bool shows_tai;
};

class Era : public testing::TestWithParam<EraCase> {};

// 2036-02-07 06:28:16 UTC.
TEST_P(Era, EndsWithoutNotice) {
  constexpr seconds kBoundary{4'294'967'296 - clock::kUnixEpochInNtpSeconds};
  SimulationSettings settings{.start = clock::UtcTime{kBoundary - seconds{30}},
                              .system_synchronised = !GetParam().has_phc,
                              .grid = 0.001};
  if (!GetParam().has_phc) settings.phcs.clear();
  if (GetParam().shows_tai) settings.timescale = Timescale::kTai;
  Simulation simulation{settings};
  if (GetParam().shows_tai) simulation.phc().shows_tai = true;
  simulation.run(10);
  EXPECT_GT(simulation.served().transmit.units >> 32U, 0xffff'ff00U);
  const Watch watch = run_and_watch(simulation, 60);
  EXPECT_EQ(watch.unsynchronised, 0U);
  EXPECT_EQ(watch.violations, 0U) << watch.largest_error;
  EXPECT_EQ(watch.backward, 0U);
  EXPECT_LT(watch.largest_error, 1'000);
  EXPECT_LT(simulation.served().transmit.units >> 32U, 60U);
}

INSTANTIATE_TEST_SUITE_P(Sources, Era,
                         testing::Values(EraCase{"UtcPhc", true, false},
                                         EraCase{"TaiPhc", true, true},
                                         EraCase{"System", false, false}),
                         [](const auto& row) { return std::string{row.param.name}; });

}  // namespace
}  // namespace pollux::sim
