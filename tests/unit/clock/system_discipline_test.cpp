#include "ptp/clock/system_discipline.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/clock/simulated_host.h"

namespace pollux::clock {
namespace {

using std::chrono::abs;
using std::chrono::hours;
using std::chrono::microseconds;

TEST(SystemDiscipline, ServesFromTheFirstSampleOn) {
  SimulatedHost host{usual_host()};
  host.sample();
  EXPECT_TRUE(host.believed());
  EXPECT_LT(abs(host.error()), microseconds{2});
  const auto header = host.served_header();
  EXPECT_EQ(header.leap, LeapIndicator::kNone);
  EXPECT_EQ(header.stratum, 2);
  EXPECT_EQ(header.precision, -24);
  EXPECT_EQ(header.root_delay, 0U);
  EXPECT_EQ(header.reference_id, 0x7f7f'0101U);
}

TEST(SystemDiscipline, LocksOnCountersOfAnyRate) {
  struct Row {
    double hertz;
    double error;
  };
  for (const Row& row : {Row{2.5e9, 30e-6}, Row{2.5e9, -30e-6}, Row{5e9, 100e-6}, Row{1e9, -200e-6},
                         Row{24e6, 30e-6}, Row{17e6, -50e-6}}) {
    HostSettings settings = usual_host();
    settings.nominal_hertz = row.hertz;
    settings.counter_error = row.error;
    settings.noise = nanoseconds{0};
    SimulatedHost host{settings};
    host.run(seconds{20});
    EXPECT_NEAR(host.discipline().hertz() / host.true_hertz(), 1.0, 0.2e-6) << row.hertz;
    EXPECT_LT(abs(host.error()), nanoseconds{300}) << row.hertz;
    EXPECT_EQ(host.discipline().steps(), 0U) << row.hertz;
  }
}

// True time is the kernel's; an hour of noisy reads, watched between the samples.
TEST(SystemDiscipline, MonotonicAndWithinItsBoundForAnHour) {
  SimulatedHost host{usual_host(), 7};
  host.sample();
  auto previous = host.serve().transmit;
  nanoseconds worst{0};
  while (host.elapsed() < hours{1}) {
    const nanoseconds next = host.elapsed() + milliseconds{125};
    while (host.elapsed() < next) {
      host.advance(nanoseconds{1 + host.random().below(12'000'000)});
      const auto served = host.serve();
      ASSERT_GE((served.transmit - previous).units, 0);
      ASSERT_GE((served.transmit - served.reference_time).units, 0);
      previous = served.transmit;
      const auto error = abs(host.error());
      ASSERT_LE(error.count(), host.snapshot().error_bound_ns);
      worst = std::max(worst, error);
    }
    host.sample();
  }
  EXPECT_LT(worst, microseconds{15});  // in the first second, before the rate is known
  EXPECT_EQ(host.discipline().steps(), 0U);
  EXPECT_NEAR(host.discipline().hertz() / host.true_hertz(), 1.0, 2e-6);
}

TEST(SystemDiscipline, RootDispersionIsTheBoundAndContainsTheKernels) {
  SimulatedHost host{usual_host()};
  host.kernel.maximum_error = milliseconds{12};
  host.run(seconds{5});
  EXPECT_GE(host.snapshot().error_bound_ns, nanoseconds{milliseconds{12}}.count());
  EXPECT_LT(host.snapshot().error_bound_ns, nanoseconds{milliseconds{13}}.count());
  const std::uint64_t dispersion = host.served_header().root_dispersion;
  EXPECT_GE(dispersion * 1'000'000'000 >> 16U,
            static_cast<std::uint64_t>(host.snapshot().error_bound_ns) - 15'259);
  EXPECT_GT(host.snapshot().drift_ppb, 0);
}

TEST(SystemDiscipline, WithinItsBoundWhileTheClockThreadIsLate) {
  SimulatedHost host{usual_host(), 3};
  host.run(seconds{30});
  for (int i = 0; i < 50; ++i) {
    host.sample();
    for (int tenth = 0; tenth < 49; ++tenth) {
      host.advance(milliseconds{100});
      ASSERT_TRUE(host.believed());
      ASSERT_LE(abs(host.error()).count(), host.snapshot().error_bound_ns) << i << ' ' << tenth;
    }
    host.run(seconds{10});
  }
}

TEST(SystemDiscipline, NotBelievedFiveSecondsAfterTheLastSample) {
  SimulatedHost host{usual_host()};
  host.run(seconds{10});
  host.sample();
  host.advance(SystemDiscipline::kLifetime - milliseconds{1});
  EXPECT_TRUE(host.believed());
  host.advance(milliseconds{2});
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.served_header().stratum, 0);
  host.sample();
  EXPECT_TRUE(host.believed());
}

TEST(SystemDiscipline, AnUnsynchronisedKernelIsNotBelieved) {
  SimulatedHost host{usual_host()};
  host.kernel.synchronised = false;
  host.run(seconds{5});
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.served_header().stratum, 0);
  EXPECT_EQ(host.served_header().root_dispersion, 0x1'0000U);
  host.kernel.synchronised = true;
  host.sample();
  EXPECT_TRUE(host.believed());
  host.kernel.synchronised = false;
  host.sample();
  EXPECT_FALSE(host.believed());
}

TEST(SystemDiscipline, ATrustedClockIsBelievedAnyway) {
  HostSettings settings = usual_host();
  settings.discipline.trusted = true;
  settings.discipline.stratum = 1;
  SimulatedHost host{settings};
  host.kernel.synchronised = false;
  host.kernel.maximum_error = seconds{16};  // what the kernel says of a clock that nobody sets
  host.run(seconds{5});
  EXPECT_TRUE(host.believed());
  EXPECT_EQ(host.served_header().stratum, 1);
  EXPECT_LT(host.snapshot().error_bound_ns, 1'000'000);
}

// CLOCK_TAI is 0 s from UTC until chronyd or ntpd tells the kernel; UTC does not change by it.
TEST(SystemDiscipline, ATaiOffsetThatIsToldLateIsNoStep) {
  HostSettings settings = usual_host();
  settings.tai_minus_utc = seconds{0};
  SimulatedHost host{settings};
  host.run(seconds{20});
  const double hertz = host.discipline().hertz();
  host.tell_tai_offset(seconds{37});
  auto previous = host.serve().transmit;
  for (int i = 0; i < 400; ++i) {
    host.sample();
    EXPECT_TRUE(host.believed());
    EXPECT_LT(abs(host.error()), microseconds{10});
    EXPECT_GE((host.serve().transmit - previous).units, 0);
    EXPECT_NEAR(host.discipline().hertz() / hertz, 1.0, 3e-6);
    previous = host.serve().transmit;
    host.advance(milliseconds{125});
  }
  EXPECT_EQ(host.discipline().steps(), 0U);
  EXPECT_EQ(host.snapshot().tai_minus_utc, 37);
}

TEST(SystemDiscipline, CrossesTheEraBoundaryOf2036) {
  HostSettings settings = usual_host();
  // 2036-02-07 06:28:16 UTC, less 10 s.
  settings.start_utc = seconds{4'294'967'296 - 2'208'988'800 - 10};
  SimulatedHost host{settings};
  auto previous = to_ntp(UtcTime{settings.start_utc});
  for (int i = 0; i < 160; ++i) {
    host.sample();
    EXPECT_TRUE(host.believed());
    EXPECT_LT(abs(host.error()), microseconds{10}) << i;
    EXPECT_GE((host.serve().transmit - previous).units, 0) << i;
    previous = host.serve().transmit;
    host.advance(milliseconds{125});
  }
  EXPECT_LT(previous.units >> 32U, 20U);
  EXPECT_EQ(host.discipline().steps(), 0U);
}

TEST(SystemDiscipline, ACounterThatWrapsIsNoStep) {
  HostSettings settings = usual_host();
  settings.counter_start = ~std::uint64_t{0} - 10'000'000'000;  // wraps after 4 s
  SimulatedHost host{settings};
  for (int i = 0; i < 80; ++i) {
    host.sample();
    EXPECT_TRUE(host.believed());
    EXPECT_LT(abs(host.error()), microseconds{10}) << i;
    host.advance(milliseconds{125});
  }
  EXPECT_EQ(host.discipline().steps(), 0U);
}

TEST(SystemDiscipline, CountsItsUpdates) {
  SimulatedHost host{usual_host()};
  for (std::uint64_t i = 1; i < 20; ++i) EXPECT_EQ(host.sample().updates, i);
}

}  // namespace
}  // namespace pollux::clock
