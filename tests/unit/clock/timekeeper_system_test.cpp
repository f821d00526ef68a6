// The timekeeper with the system clock as its only source, in ordinary operation.
#include <gtest/gtest.h>

#include "tests/unit/clock/keeper_host.h"

namespace pollux::clock {
namespace {

constexpr seconds kWarm{20};

TEST(KeeperOfSystemClock, ServesOnceItHasGatheredReadings) {
  KeeperHost host;
  for (std::size_t i = 1; i < FilterBank::kWarmUp; ++i) {
    host.sample();
    EXPECT_FALSE(host.believed());
    EXPECT_EQ(host.state(), ClockState::kInit);
    EXPECT_EQ(host.header().stratum, 0);
    EXPECT_EQ(host.header().reference_id, reference_id("INIT"));
    host.advance(milliseconds{20});
  }
  host.sample();
  EXPECT_TRUE(host.believed());
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_LT(abs(host.error()), microseconds{1});
  const auto header = host.header();
  EXPECT_EQ(header.leap, LeapIndicator::kNone);
  EXPECT_EQ(header.stratum, 10);
  EXPECT_EQ(header.precision, -24);
  EXPECT_EQ(header.root_delay, 0U);
  EXPECT_EQ(header.reference_id, 0x7f7f'0101U);
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

TEST(KeeperOfSystemClock, NothingReadIsNothingServed) {
  KeeperHost host;
  host.has_system = false;
  host.run(seconds{10});
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.state(), ClockState::kInit);
  host.has_system = true;
  host.run(seconds{5});
  EXPECT_TRUE(host.believed());
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

TEST(KeeperOfSystemClock, LocksOnCountersOfAnyRate) {
  struct Row {
    double hertz;
    double error;
  };
  for (const Row& row : {Row{2.5e9, 30e-6}, Row{2.5e9, -30e-6}, Row{5e9, 100e-6}, Row{1e9, -200e-6},
                         Row{24e6, 30e-6}, Row{17e6, -50e-6}}) {
    KeeperHost host{{.nominal_hertz = row.hertz, .counter_error = row.error}};
    host.run(kWarm);
    EXPECT_NEAR(host.hertz() / host.true_hertz(), 1.0, 0.5e-6) << row.hertz;
    EXPECT_LT(abs(host.error()), nanoseconds{600}) << row.hertz;
    EXPECT_EQ(host.keeper().report().steps, 0U) << row.hertz;
  }
}

// True time is the kernel's; an hour of noisy reads, watched between the samples.
TEST(KeeperOfSystemClock, MonotonicAndWithinItsBoundForAnHour) {
  KeeperHost host{{}, 7};
  host.run(seconds{3});
  auto previous = host.serve().transmit;
  while (host.elapsed() < hours{1}) {
    const nanoseconds next = host.elapsed() + milliseconds{125};
    while (host.elapsed() < next) {
      host.advance(nanoseconds{1 + host.random().below(12'000'000)});
      const auto served = host.serve();
      ASSERT_GE((served.transmit - previous).units, 0);
      ASSERT_GE((served.transmit - served.reference_time).units, 0);
      previous = served.transmit;
      ASSERT_LE(abs(host.error()).count(), host.bound());
      ASSERT_LT(abs(host.error()), microseconds{1});
    }
    host.sample();
  }
  EXPECT_EQ(host.keeper().report().steps, 0U);
  EXPECT_NEAR(host.hertz() / host.true_hertz(), 1.0, 1e-6);
}

TEST(KeeperOfSystemClock, RootDispersionContainsTheKernelsErrorAndTheLifetime) {
  KeeperHost host;
  host.kernel.maximum_error = milliseconds{12};
  host.run(kWarm);
  EXPECT_GE(host.snapshot().error_bound_ns, nanoseconds{milliseconds{12}}.count());
  EXPECT_LT(host.snapshot().error_bound_ns, nanoseconds{milliseconds{13}}.count());
  EXPECT_GE(host.snapshot().drift_ppb, 15'000);
  const double dispersion = host.header().root_dispersion / 65'536.0 * 1e9;
  EXPECT_GE(dispersion, static_cast<double>(host.snapshot().error_bound_ns) + 5 * 15'000.0);
  EXPECT_LT(dispersion, static_cast<double>(host.snapshot().error_bound_ns) + 200'000);
}

TEST(KeeperOfSystemClock, WithinItsBoundWhileTheClockThreadIsLate) {
  KeeperHost host{{}, 3};
  host.run(seconds{30});
  for (int i = 0; i < 50; ++i) {
    host.sample();
    for (int tenth = 0; tenth < 49; ++tenth) {
      host.advance(milliseconds{100});
      ASSERT_TRUE(host.believed());
      ASSERT_LE(abs(host.error()).count(), host.bound()) << i << ' ' << tenth;
    }
    host.run(seconds{10});
  }
}

TEST(KeeperOfSystemClock, NotBelievedFiveSecondsAfterTheLastSnapshot) {
  KeeperHost host{{.counter_error = 0}};
  host.run(kWarm);
  host.sample();
  host.advance(Timekeeper::kLifetime - milliseconds{1});
  EXPECT_TRUE(host.believed());
  host.advance(milliseconds{2});
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.header().stratum, 0);
  host.sample();
  EXPECT_TRUE(host.believed());
}

TEST(KeeperOfSystemClock, ASystemClockThatIsNoLongerReadIsNotServed) {
  KeeperHost host;
  host.run(kWarm);
  host.has_system = false;
  host.run(milliseconds{2'200});
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.state(), ClockState::kUnsync);
  EXPECT_EQ(host.header().reference_id, 0U);
  host.has_system = true;
  host.run(seconds{1});
  EXPECT_TRUE(host.believed());
}

TEST(KeeperOfSystemClock, AnUnsynchronisedKernelIsNotBelieved) {
  KeeperHost host;
  host.kernel.synchronised = false;
  host.run(kWarm);
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.state(), ClockState::kInit);
  EXPECT_EQ(host.header().stratum, 0);
  EXPECT_EQ(host.header().root_dispersion, 0x1'0000U);
  host.kernel.synchronised = true;
  host.sample();
  EXPECT_TRUE(host.believed());
  host.kernel.synchronised = false;
  host.sample();
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.state(), ClockState::kUnsync);
  EXPECT_EQ(host.header().root_dispersion, 0x1'0000U);
}

TEST(KeeperOfSystemClock, ATrustedClockIsBelievedAnyway) {
  KeeperHost host{{.keeper = {.trust_system = true, .system_stratum = 1}}};
  host.kernel.synchronised = false;
  host.kernel.maximum_error = seconds{16};  // what the kernel says of a clock that nobody sets
  host.run(kWarm);
  EXPECT_TRUE(host.believed());
  EXPECT_EQ(host.header().stratum, 1);
  EXPECT_LT(host.snapshot().error_bound_ns, 1'000'000);
}

TEST(KeeperOfSystemClock, ATimeThatMayBeATenthOfASecondOffIsNotServed) {
  KeeperHost host;
  host.kernel.maximum_error = milliseconds{99};
  host.run(kWarm);
  EXPECT_TRUE(host.believed());
  host.kernel.maximum_error = milliseconds{101};
  host.run(seconds{1});
  EXPECT_FALSE(host.believed());
}

// CLOCK_TAI is 0 s from UTC until chronyd or ntpd tells the kernel; UTC does not change by it.
TEST(KeeperOfSystemClock, ATaiOffsetThatIsToldLateIsNoStep) {
  KeeperHost host{{.tai_minus_utc = seconds{0}}};
  host.run(kWarm);
  host.tell_tai_offset(seconds{37});
  auto previous = host.serve().transmit;
  for (int i = 0; i < 400; ++i) {
    host.sample();
    ASSERT_TRUE(host.believed());
    ASSERT_LT(abs(host.error()), microseconds{1});
    ASSERT_GE((host.serve().transmit - previous).units, 0);
    ASSERT_NEAR(host.hertz() / host.true_hertz(), 1.0, 2e-6);
    previous = host.serve().transmit;
    host.advance(milliseconds{125});
  }
  EXPECT_EQ(host.keeper().report().steps, 0U);
  EXPECT_EQ(host.snapshot().tai_minus_utc, 37);
}

// An offset that differs from the assumed one moves TAI, and UTC stays.
TEST(KeeperOfSystemClock, AnotherOffsetMovesTaiAndNotUtc) {
  KeeperHost host{{.tai_minus_utc = seconds{0}}};
  host.run(kWarm);
  host.tell_tai_offset(seconds{40});
  for (int i = 0; i < 80; ++i) {
    host.sample();
    ASSERT_TRUE(host.believed());
    ASSERT_LT(abs(host.error()), microseconds{1});
    host.advance(milliseconds{125});
  }
  EXPECT_EQ(host.keeper().report().steps, 0U);
  EXPECT_EQ(host.snapshot().tai_minus_utc, 40);
}

TEST(KeeperOfSystemClock, CrossesTheEraBoundaryOf2036) {
  // 2036-02-07 06:28:16 UTC, less 10 s.
  KeeperHost host{{.start_utc = seconds{4'294'967'296 - kUnixEpochInNtpSeconds - 10}}};
  host.run(seconds{3});
  auto previous = host.serve().transmit;
  for (int i = 0; i < 160; ++i) {
    host.sample();
    ASSERT_TRUE(host.believed());
    ASSERT_LT(abs(host.error()), microseconds{1}) << i;
    ASSERT_GE((host.serve().transmit - previous).units, 0) << i;
    previous = host.serve().transmit;
    host.advance(milliseconds{125});
  }
  EXPECT_LT(previous.units >> 32U, 20U);
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

TEST(KeeperOfSystemClock, ACounterThatWrapsIsNoStep) {
  KeeperHost host{{.counter_start = ~std::uint64_t{0} - 10'000'000'000}};  // wraps after 4 s
  host.run(seconds{3});
  for (int i = 0; i < 80; ++i) {
    host.sample();
    ASSERT_TRUE(host.believed());
    ASSERT_LT(abs(host.error()), microseconds{1}) << i;
    host.advance(milliseconds{125});
  }
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

TEST(KeeperOfSystemClock, CountsItsUpdates) {
  KeeperHost host;
  for (std::uint64_t i = 1; i < 20; ++i) EXPECT_EQ(host.sample().updates, i);
}

}  // namespace
}  // namespace pollux::clock
