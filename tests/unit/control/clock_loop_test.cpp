#include <cerrno>

#include "tests/unit/control/clock_loop_fixture.h"

namespace pollux::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A machine whose clock is kept has a voter more than these tests reckon with.
bool system_votes() { return phc::read_kernel_clock_state().synchronised; }

TEST_F(ClockLoopTest, LocksBeforeItIsStartedAndServesWithinItsBound) {
  make(std::chrono::nanoseconds{}, 20e-6);
  const auto begin = Clock::now();
  loop->start();
  EXPECT_LT(Seconds(Clock::now() - begin).count(), 1.6);
  EXPECT_EQ(state(), "LOCKED") << sentence();
  const auto watched = watch(1.5);
  EXPECT_FALSE(watched.unsynchronised);
  EXPECT_LT(watched.worst, 0);
  const auto report = loop->report();
  EXPECT_EQ(report.header.stratum, 1);
  EXPECT_EQ(report.header.reference_id, clock::reference_id("PHC0"));
  EXPECT_TRUE(report.sources.front().followed);
  EXPECT_EQ(report.sources.front().method, "extended, raw stamps");
  EXPECT_EQ(report.sources.back().name, "system");
  EXPECT_GE(report.age_seconds, 0);
}

TEST_F(ClockLoopTest, StepOfAMillisecondIsInTheBound) {
  start();
  static_cast<void>(watch(1));
  kernel->step(milliseconds{1});
  const auto watched = watch(3);
  EXPECT_LT(watched.worst, 0);
  if (!system_votes()) {
    ASSERT_TRUE(watched.unsynchronised);
    EXPECT_LT(*watched.unsynchronised, 1);
  }
  EXPECT_TRUE(until([this] { return state() == "LOCKED"; }, 3)) << sentence();
}

TEST_F(ClockLoopTest, StepOfASecondIsNeverServed) {
  start();
  static_cast<void>(watch(1));
  kernel->step(seconds{1});
  const auto watched = watch(4);
  EXPECT_LT(watched.worst, 0);
  EXPECT_LT(watched.error, 1e6);
  if (!system_votes()) {
    ASSERT_TRUE(watched.unsynchronised);
    EXPECT_LT(*watched.unsynchronised, 1);
  }
}

TEST_F(ClockLoopTest, BusyForAMomentIsPassedOver) {
  start();
  for (int i = 0; i < 3; ++i) {
    kernel->error = EBUSY;
    std::this_thread::sleep_for(milliseconds{500});
    kernel->error = 0;
    const auto watched = watch(0.4);
    EXPECT_FALSE(watched.unsynchronised);
    EXPECT_LT(watched.worst, 0);
  }
  EXPECT_EQ(state(), "LOCKED") << sentence();
  EXPECT_GT(source().failures, 3U);
  EXPECT_TRUE(source().trouble.empty()) << source().trouble;
}

TEST_F(ClockLoopTest, UnpluggedHoldsOverAndComesBackUnderAnotherNumber) {
  start();
  static_cast<void>(watch(1));
  tree.remove(0);
  kernel->unplug();
  const auto without = watch(3);
  EXPECT_FALSE(without.unsynchronised);
  EXPECT_LT(without.worst, 0);
  EXPECT_EQ(state(), "HOLDOVER") << sentence();
  EXPECT_NE(source().trouble.find("the clock is unplugged"), std::string::npos);
  EXPECT_FALSE(source().followed);
  tree.add(3, kName, "", test::PhcTree::kDevices[1]);
  kernel->plug();
  EXPECT_TRUE(until([this] { return state() == "LOCKED"; }, 4)) << sentence();
  EXPECT_TRUE(source().device.ends_with("ptp3")) << source().device;
  EXPECT_LT(watch(0.5).worst, 0);
}

TEST_F(ClockLoopTest, FrozenIsNoticed) {
  start();
  static_cast<void>(watch(1));
  kernel->freeze();
  EXPECT_TRUE(until([this] { return source().state != clock::SourceState::kTracking; }, 2));
  const auto watched = watch(3);
  EXPECT_LT(watched.worst, 0);
}

TEST_F(ClockLoopTest, MethodThatEndsIsReplaced) {
  make();
  kernel->offers_precise = true;
  loop->start();
  ASSERT_EQ(source().method, "precise");
  kernel->offers_precise = false;
  EXPECT_TRUE(until([this] { return source().method == "extended, raw stamps"; }, 5))
      << source().trouble;
  EXPECT_TRUE(until([this] { return state() == "LOCKED"; }, 4)) << sentence();
}

TEST_F(ClockLoopTest, NoTimeSourceIsLeftAlone) {
  config.trust = true;
  config.stratum = 3;
  make();
  kernel->offers_others = false;
  loop->start();
  EXPECT_TRUE(until([this] { return state() == "FALLBACK"; }, 2)) << sentence();
  EXPECT_EQ(loop->report().header.stratum, 3);
  EXPECT_NE(source().trouble.find("no time source"), std::string::npos) << source().trouble;
  const auto reads = kernel->reads.load();
  const auto updates = loop->report().snapshot.updates;
  std::this_thread::sleep_for(milliseconds{1300});
  EXPECT_EQ(kernel->reads, reads);
  EXPECT_EQ(source().failures, 1U);
  // Not every 2 ms for a clock that is never due.
  EXPECT_LT(loop->report().snapshot.updates - updates, 20U);
}

TEST_F(ClockLoopTest, TimescaleIsRecognised) {
  config.timescale = PhcTimescale::kAuto;
  config.trust = true;
  config.stratum = 3;
  constexpr seconds kOffset{37};
  make(kOffset);
  std::string table = "#@\t4100000000\n";
  for (int i = 10; i <= kOffset.count(); ++i)
    table +=
        std::to_string(2'272'060'800 + 50'000'000 * (i - 10)) + '\t' + std::to_string(i) + '\n';
  const auto parsed = clock::LeapTable::parse(table);
  ASSERT_TRUE(parsed);
  loop->set_leap_table(*parsed);
  loop->start();
  EXPECT_EQ(state(), "LOCKED") << sentence();
  EXPECT_EQ(source().timescale, clock::Timescale::kTai);
  const auto watched = watch(1, kOffset);
  EXPECT_FALSE(watched.unsynchronised);
  EXPECT_LT(watched.worst, 0);
}

TEST_F(ClockLoopTest, RateOfAnEarlierRunIsUsed) {
  constexpr double kDrift = 100e-6;
  make({}, kDrift);
  const double hertz = loop->counter_hertz();
  EXPECT_FALSE(loop->expect({.hertz = hertz * 1.001, .sigma_ppb = 1}));
  EXPECT_TRUE(loop->expect({.hertz = hertz * (1 - kDrift), .sigma_ppb = 1}));
  loop->start();
  ASSERT_EQ(state(), "LOCKED") << sentence();
  const double known = loop->report().keeper.frequency_sigma;
  EXPECT_NEAR(loop->report().keeper.frequency, 1e5, 3000);
  make({}, kDrift);
  loop->start();
  ASSERT_EQ(state(), "LOCKED") << sentence();
  EXPECT_LT(known, loop->report().keeper.frequency_sigma);
}

TEST_F(ClockLoopTest, FoundLate) {
  tree.remove(0);
  make();
  loop->start();
  EXPECT_EQ(state(), system_votes() ? "FALLBACK" : "INIT") << sentence();
  EXPECT_NE(source().trouble.find("no PTP hardware clock"), std::string::npos);
  tree.add(1, kName, "", test::PhcTree::kDevices[2]);
  EXPECT_TRUE(until([this] { return state() == "LOCKED"; }, 4)) << sentence();
}

// The number that it had is another clock's when it can be opened at last.
TEST_F(ClockLoopTest, NumberThatChangesBeforeTheFirstReading) {
  make();
  kernel->error = EBUSY;
  loop->start();
  EXPECT_TRUE(source().device.ends_with("ptp0"));
  tree.remove(0);
  tree.add(0, "another clock", "", test::PhcTree::kDevices[1]);
  tree.add(1, kName, "", test::PhcTree::kDevices[0]);
  kernel->error = 0;
  EXPECT_TRUE(until([this] { return state() == "LOCKED"; }, 4)) << sentence();
  EXPECT_TRUE(source().device.ends_with("ptp1")) << source().device;
}

}  // namespace
}  // namespace pollux::control
