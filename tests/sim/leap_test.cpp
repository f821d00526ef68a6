// Leap seconds from a day before to an hour after: what is served is UTC as NTP has it, within the
// bound, in every check.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/sim/leap_tables.h"
#include "tests/sim/simulation.h"
#include "tests/sim/watch.h"

namespace pollux::sim {
namespace {

using clock::ClockState;
using clock::LeapIndicator;
using clock::Timescale;
using std::chrono::seconds;

enum class Herald { kTable, kKernel, kPtp };
enum class Served { kUtcPhc, kTaiPhc, kSystem };

struct LeapCase {
  const char* name;
  int change;
  Herald herald;
  Served served;
};

constexpr double kDay = 86'400;
constexpr double kMargin = 600;  // simulated before the day of the announcement

LeapIndicator indicator_of(int change) {
  return change > 0 ? LeapIndicator::kInsert : LeapIndicator::kDelete;
}

SimulationSettings around_leap(int change, Served served) {
  SimulationSettings settings{.seed = 3,
                              .start = kLeapMidnight - std::chrono::hours{24} - seconds{600},
                              .leap = leap_of(change),
                              .system_synchronised = served == Served::kSystem,
                              .grid = 0.1};
  if (served == Served::kTaiPhc) settings.timescale = Timescale::kTai;
  if (served == Served::kSystem) settings.phcs.clear();
  return settings;
}

// When UTC leaps, s from the start.
double instant_of(int change) { return kDay + kMargin - (change < 0 ? 1 : 0); }

// Within the bound of the instant, the served time may be on its other side.
double error_of(const Check& check, double instant) {
  if (std::abs(check.time - instant) * 1e9 > check.bound) return check.error;
  const double second = std::round(check.error / 1e9) * 1e9;
  return check.error - second;
}

class LeapSimulation : public testing::TestWithParam<LeapCase> {
 protected:
  LeapSimulation() {
    if (GetParam().served == Served::kTaiPhc) simulation_.phc().shows_tai = true;
  }

  void announce() {
    const auto leap = indicator_of(GetParam().change);
    if (GetParam().herald == Herald::kKernel) simulation_.system().kernel.leap = leap;
    if (GetParam().herald == Herald::kPtp) simulation_.keeper().tell_ptp_time(seconds{37}, leap);
  }

  void run_to(double time) {
    simulation_.run(time - simulation_.now(), [this](const Check& check) { look(check); });
  }

  void look(const Check& check) {
    ++checks_;
    backward_ += check.went_back ? 1U : 0U;
    unsynchronised_ += check.synchronised ? 0U : 1U;
    violations_ += std::abs(error_of(check, instant_)) > check.bound ? 1U : 0U;
    const bool is_near = std::abs(check.time - instant_) * 1e9 <= check.bound;
    const bool may_announce = check.time > instant_ - kDay - 1 && check.time < instant_;
    const bool must_announce = check.time > announced_ && check.time < instant_;
    if (is_near) return;
    const bool announces = check.leap == indicator_of(GetParam().change);
    wrong_announcements_ += announces != (announces ? may_announce : must_announce) ? 1U : 0U;
    if (!announces && check.leap != LeapIndicator::kNone) ++wrong_announcements_;
  }

  Simulation simulation_{around_leap(GetParam().change, GetParam().served)};
  double instant_ = instant_of(GetParam().change);
  double announced_ = INFINITY;
  std::size_t checks_ = 0;
  std::size_t backward_ = 0;
  std::size_t unsynchronised_ = 0;
  std::size_t violations_ = 0;
  std::size_t wrong_announcements_ = 0;
};

TEST_P(LeapSimulation, IsServedExactly) {
  const bool by_table = GetParam().herald == Herald::kTable;
  // A table announces at once; others on the day itself.
  if (by_table) simulation_.keeper().set_leap_table(leap_table(GetParam().change));
  simulation_.run(30);
  run_to(instant_ - kDay - 1);
  run_to(instant_ - kDay + (by_table ? 0 : 600));
  announce();
  announced_ = simulation_.now() + 0.5;
  run_to(instant_ - 10);
  simulation_.set_grid(0.001);
  run_to(instant_ - 3e-5);
  simulation_.set_grid(1e-7);
  run_to(instant_ + 3e-5);
  simulation_.set_grid(0.001);
  run_to(instant_ + 10);
  simulation_.set_grid(0.1);
  if (GetParam().herald == Herald::kPtp)
    simulation_.keeper().tell_ptp_time(seconds{37 + GetParam().change}, LeapIndicator::kNone);
  run_to(instant_ + 3'600);

  EXPECT_GT(checks_, 890'000U);
  EXPECT_EQ(violations_, 0U);
  EXPECT_EQ(unsynchronised_, 0U);
  EXPECT_EQ(wrong_announcements_, 0U);
  // An inserted second is the one step back that UTC makes itself.
  EXPECT_EQ(backward_, GetParam().change > 0 ? 1U : 0U);
  EXPECT_EQ(simulation_.keeper().report().steps, 0U);
  EXPECT_EQ(simulation_.keeper().calendar().tai_minus_utc(), seconds{37 + GetParam().change});
  EXPECT_EQ(simulation_.keeper().report().state, ClockState::kLocked);
}

INSTANTIATE_TEST_SUITE_P(
    Heralds, LeapSimulation,
    testing::Values(LeapCase{"InsertTableUtc", 1, Herald::kTable, Served::kUtcPhc},
                    LeapCase{"DeleteTableUtc", -1, Herald::kTable, Served::kUtcPhc},
                    LeapCase{"InsertTableTai", 1, Herald::kTable, Served::kTaiPhc},
                    LeapCase{"DeleteTableTai", -1, Herald::kTable, Served::kTaiPhc},
                    LeapCase{"InsertKernelUtc", 1, Herald::kKernel, Served::kUtcPhc},
                    LeapCase{"DeleteKernelTai", -1, Herald::kKernel, Served::kTaiPhc},
                    LeapCase{"InsertPtpTai", 1, Herald::kPtp, Served::kTaiPhc},
                    LeapCase{"InsertKernelSystem", 1, Herald::kKernel, Served::kSystem},
                    LeapCase{"DeleteTableSystem", -1, Herald::kTable, Served::kSystem}),
    [](const auto& row) { return std::string{row.param.name}; });

// The last minutes of the day are enough for the rest.
SimulationSettings last_minutes(int change, Served served) {
  SimulationSettings settings = around_leap(change, served);
  settings.start = kLeapMidnight - seconds{120};
  settings.grid = 0.005;
  return settings;
}

// A table that has expired announces nothing and keeps its offset: TAI - 37 s goes on.
TEST(ExpiredTable, AnnouncesNothingAndKeepsTheOffset) {
  SimulationSettings settings = last_minutes(1, Served::kTaiPhc);
  settings.leap.reset();
  Simulation simulation{settings};
  simulation.phc().shows_tai = true;
  simulation.keeper().set_leap_table(leap_table(1, kLeapNtp - 86'400));
  simulation.run(5);
  Watch watch;
  bool announced = false;
  simulation.run(600, [&](const Check& check) {
    watch.look(check);
    announced |= check.leap != LeapIndicator::kNone;
  });
  EXPECT_FALSE(announced);
  EXPECT_EQ(watch.violations, 0U);
  EXPECT_EQ(watch.unsynchronised, 0U);
  EXPECT_EQ(watch.backward, 0U);
  EXPECT_EQ(simulation.keeper().calendar().tai_minus_utc(), seconds{37});
}

// What the kernel announces counts where the table has expired, also an hour later.
TEST(ExpiredTable, LetsTheKernelAnnounce) {
  for (const int change : {1, -1}) {
    Simulation simulation{last_minutes(change, Served::kTaiPhc)};
    simulation.phc().shows_tai = true;
    simulation.keeper().set_leap_table(leap_table(0, kLeapNtp - 86'400));
    simulation.system().kernel.leap = indicator_of(change);
    simulation.run(5);
    Watch watch;
    const double instant = change < 0 ? 119 : 120;
    simulation.run(3'600, [&](Check check) {
      check.error = error_of(check, instant);
      watch.look(check);
    });
    EXPECT_EQ(watch.violations, 0U) << change << ' ' << watch.largest_error;
    EXPECT_EQ(watch.unsynchronised, 0U) << change;
    EXPECT_EQ(simulation.keeper().calendar().tai_minus_utc(), seconds{37 + change});
  }
}

// The clock thread stands still over midnight: the worker leaps alone.
TEST(LeapWithoutClockThread, HappensInTheWorker) {
  for (const int change : {1, -1}) {
    Simulation simulation{last_minutes(change, Served::kUtcPhc)};
    simulation.keeper().set_leap_table(leap_table(change));
    const double instant = change < 0 ? 119 : 120;
    simulation.run(instant - 2);
    simulation.pause(4);
    const auto served = simulation.served();
    EXPECT_EQ(clock::unpack(served.header).leap, LeapIndicator::kNone);
    EXPECT_LT(std::abs(clock::to_fractional_nanoseconds(served.transmit - simulation.true_ntp())),
              2'000);
    Watch watch;
    simulation.run(120, watch());
    EXPECT_EQ(watch.violations, 0U) << watch.largest_error;
    EXPECT_EQ(watch.unsynchronised, 0U);
  }
}

// A voter that smears over 24 h is up to half a second off; it is outvoted, or alone confirms
// nothing, but it never moves the time.
TEST(SmearingVoter, DoesNotPull) {
  for (const bool alone : {false, true}) {
    SimulationSettings settings = around_leap(1, Served::kUtcPhc);
    settings.start = kLeapMidnight - std::chrono::hours{13};
    settings.system_synchronised = true;
    settings.timekeeper.trust_phc = true;
    Simulation simulation{settings};
    simulation.keeper().set_leap_table(leap_table(1));
    if (!alone) simulation.voters().assign(3, {.half_width = 2e6});
    simulation.voters().push_back({.half_width = 1e6});
    simulation.run(60);
    Watch watch;
    std::size_t disputed = 0;
    simulation.run(26 * 3'600, [&](const Check& check) {
      // Behind from noon on, right again at the next noon.
      const double smeared = std::clamp((check.time - 3'600) / kDay, 0.0, 1.0);
      const bool has_leapt = check.time >= 13 * 3'600;
      simulation.voters().back().error = (has_leapt ? 1e9 : 0) - smeared * 1e9;
      if (std::abs(check.time - 13 * 3'600) * 1e9 > check.bound) watch.look(check);
      disputed += simulation.keeper().opinion(0) == clock::Opinion::kDisputed ? 1U : 0U;
    });
    EXPECT_EQ(watch.violations, 0U) << watch.largest_error;
    EXPECT_EQ(watch.unsynchronised, 0U);
    EXPECT_LT(watch.largest_error, 100'000);
    if (alone) {
      EXPECT_GT(disputed, 100'000U);
    } else {
      EXPECT_EQ(disputed, 0U);
    }
  }
}

}  // namespace
}  // namespace pollux::sim
