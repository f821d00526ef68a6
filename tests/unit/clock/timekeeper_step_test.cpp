// Steps of the system clock where it is the only source: never slewed through, never served as
// truth for longer than it takes to tell a step from an outlier.
#include <gtest/gtest.h>

#include "tests/unit/clock/keeper_host.h"

namespace pollux::clock {
namespace {

constexpr seconds kWarm{20};
// Four contradictions at 8 Hz.
constexpr int kNotice = FilterBank::kOutliersToDisrupt;

class SystemStep : public testing::TestWithParam<nanoseconds> {
 protected:
  KeeperHost host_{{}, 5};
};

TEST_P(SystemStep, IsNoticedAndNotBelievedUntilItIsGathered) {
  host_.run(kWarm);
  host_.step_kernel(GetParam());
  host_.run(milliseconds{125} * kNotice);
  EXPECT_FALSE(host_.believed());
  EXPECT_EQ(host_.state(), ClockState::kUnsync);
  for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) {
    EXPECT_FALSE(host_.believed()) << i;
    EXPECT_EQ(host_.header().stratum, 0) << i;
    host_.sample();
    host_.advance(milliseconds{20});
  }
  host_.run(seconds{1});
  EXPECT_TRUE(host_.believed());
  EXPECT_LT(abs(host_.error()), microseconds{1});
  EXPECT_EQ(host_.keeper().report().steps, 1U);
}

TEST_P(SystemStep, IsOutsideTheBoundOnlyUntilItIsNoticed) {
  host_.run(kWarm);
  host_.step_kernel(GetParam());
  const nanoseconds noticed = host_.elapsed() + milliseconds{125} * kNotice;
  for (int i = 0; i < 800; ++i) {
    host_.sample();
    for (int k = 0; k < 5; ++k) {
      host_.advance(milliseconds{24});
      if (!host_.believed() || host_.elapsed() < noticed) continue;
      ASSERT_LE(abs(host_.error()).count(), host_.bound());
    }
  }
  EXPECT_TRUE(host_.believed());
  EXPECT_EQ(host_.keeper().report().steps, 1U);
}

// One that is small against the slack of a clock that software steers only bends the first line.
TEST_P(SystemStep, ASecondOneWhileGatheringBeginsAnew) {
  const bool is_small = abs(GetParam()) < milliseconds{2};
  host_.run(kWarm);
  host_.step_kernel(GetParam());
  host_.run(milliseconds{125} * (kNotice + 8));
  host_.step_kernel(GetParam());
  for (int i = 0; i < (is_small ? 7 : 16 + 7); ++i) {
    host_.sample();
    EXPECT_FALSE(host_.believed()) << i;
    host_.advance(milliseconds{125});
  }
  host_.run(seconds{is_small ? 60 : 3});
  EXPECT_TRUE(host_.believed());
  EXPECT_LT(abs(host_.error()), microseconds{1});
}

INSTANTIATE_TEST_SUITE_P(Sizes, SystemStep,
                         testing::Values(microseconds{1'100}, microseconds{-1'100},
                                         milliseconds{20}, seconds{1}, seconds{-1}, seconds{37},
                                         hours{-1}, hours{24 * 365}));

// A clock that is set again and again is worth nothing for a minute.
TEST(SystemSteps, ThreeWithinAMinuteAreTooMany) {
  KeeperHost host;
  host.run(kWarm);
  for (int i = 0; i < 3; ++i) {
    host.step_kernel(seconds{5});
    host.run(seconds{5});
  }
  EXPECT_FALSE(host.believed());
  EXPECT_EQ(host.keeper().sources()[0].state(host.counter()), SourceState::kUntrusted);
  host.run(seconds{60});
  EXPECT_TRUE(host.believed());
  EXPECT_LT(abs(host.error()), microseconds{1});
}

// Under the threshold the clock is slewed, and the bound says by how much it may be wrong.
TEST(SystemSlew, ASmallJumpIsRemovedWithinTheRateLimit) {
  KeeperHost host{{}, 9};
  host.run(kWarm);
  host.step_kernel(microseconds{500});
  auto previous = host.serve().transmit;
  auto previous_counter = host.counter();
  for (int i = 0; i < 400; ++i) {
    host.sample();
    host.advance(milliseconds{120});
    const auto served = host.serve();
    const double rate = static_cast<double>((served.transmit - previous).units) / 4294967296.0 *
                        host.true_hertz() / static_cast<double>(host.counter() - previous_counter);
    // The jump also spoils the measured rate for a while.
    ASSERT_NEAR(rate, 1.0, 50e-6 + 800e-6) << i;
    ASSERT_TRUE(host.believed());
    ASSERT_LE(abs(host.error()).count(), host.bound()) << i;
    previous = served.transmit;
    previous_counter = host.counter();
  }
  EXPECT_LT(abs(host.error()), microseconds{1});
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

// RFC 5905 appendix A.5.1.1: a client refuses a reply whose reference time is after its transmit
// time.
TEST(SystemSlew, ReferenceTimeIsNeverAfterTheServedTime) {
  KeeperHost host{{}, 13};
  host.run(kWarm);
  host.step_kernel(microseconds{900});
  for (int i = 0; i < 100; ++i) {
    host.sample();
    const auto served = host.serve();
    ASSERT_GE((served.transmit - served.reference_time).units, 0) << i;
    ASSERT_LT(to_nanoseconds(served.transmit - served.reference_time), microseconds{10}) << i;
    host.advance(milliseconds{120});
  }
}

TEST(SystemSlew, FollowsAKernelThatSlews) {
  KeeperHost host{{}, 11};
  host.kernel.maximum_error = microseconds{20};
  host.run(kWarm);
  for (int i = 0; i < 800; ++i) {
    host.step_kernel(nanoseconds{12'500});  // 100 ppm at 8 Hz
    host.sample();
    host.advance(milliseconds{123});
    ASSERT_TRUE(host.believed());
    ASSERT_LE(abs(host.error()).count(), host.bound()) << i;
  }
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

// The machine was moved, and its counter began again.
TEST(SystemSlew, ACounterThatBeganAgainIsFollowed) {
  KeeperHost host;
  host.run(kWarm);
  const Counter before = host.counter();
  KeeperHost moved{{.counter_start = 1'000}};
  Timekeeper& keeper = host.keeper();
  for (int i = 0; i < 80; ++i) {
    moved.advance(milliseconds{125});
    keeper.add_system({.counter = moved.counter(),
                       .window_ticks = 300,
                       .time = TaiTime{moved.utc() + kWarm + seconds{37}},
                       .kernel = moved.kernel});
    static_cast<void>(keeper.publish(moved.counter()));
  }
  EXPECT_LT(moved.counter() - before, 0);
  EXPECT_EQ(keeper.report().state, ClockState::kLocked);
  EXPECT_LT(keeper.report().bound, 1e6);
}

}  // namespace
}  // namespace pollux::clock
