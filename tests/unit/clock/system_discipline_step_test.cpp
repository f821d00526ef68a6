// Steps of the kernel's clock: never slewed through, never served as truth.
#include <gtest/gtest.h>

#include "ptp/clock/system_discipline.h"
#include "tests/unit/clock/simulated_host.h"

namespace pollux::clock {
namespace {

using std::chrono::abs;
using std::chrono::hours;
using std::chrono::microseconds;

class SystemDisciplineStep : public testing::TestWithParam<nanoseconds> {
 protected:
  SimulatedHost host_{usual_host(), 5};
};

TEST_P(SystemDisciplineStep, IsNotBelievedUntilItSettled) {
  host_.run(seconds{20});
  host_.step_kernel(GetParam());
  for (int i = 0; i < SystemDiscipline::kSettlingSamples; ++i) {
    host_.sample();
    EXPECT_FALSE(host_.believed()) << i;
    EXPECT_EQ(host_.served_header().stratum, 0) << i;
    host_.advance(milliseconds{125});
  }
  EXPECT_EQ(host_.discipline().steps(), 1U);
  host_.sample();
  EXPECT_TRUE(host_.believed());
  EXPECT_LT(abs(host_.error()), microseconds{10});
}

TEST_P(SystemDisciplineStep, NeverAppearsInBelievedTime) {
  host_.run(seconds{20});
  host_.step_kernel(GetParam());
  for (int i = 0; i < 800; ++i) {
    host_.sample();
    for (int k = 0; k < 5; ++k) {
      host_.advance(milliseconds{24});
      if (!host_.believed()) continue;
      ASSERT_LE(abs(host_.error()).count(), host_.snapshot().error_bound_ns);
    }
  }
  EXPECT_TRUE(host_.believed());
  EXPECT_EQ(host_.discipline().steps(), 1U);
}

TEST_P(SystemDisciplineStep, ASecondStepBeginsTheSettlingAgain) {
  host_.run(seconds{20});
  host_.step_kernel(GetParam());
  host_.run(seconds{1});
  host_.step_kernel(GetParam());
  host_.run(milliseconds{125} * SystemDiscipline::kSettlingSamples);
  EXPECT_FALSE(host_.believed());
  EXPECT_EQ(host_.discipline().steps(), 2U);
  host_.run(milliseconds{125});
  EXPECT_TRUE(host_.believed());
}

INSTANTIATE_TEST_SUITE_P(Sizes, SystemDisciplineStep,
                         testing::Values(microseconds{1'100}, microseconds{-1'100},
                                         milliseconds{20}, seconds{1}, seconds{-1}, seconds{37},
                                         hours{-1}, hours{24 * 365}));

// Under the threshold the clock is slewed, and the bound says by how much it may be wrong.
TEST(SystemDisciplineSlew, ASmallJumpIsRemovedWithinTheRateLimit) {
  SimulatedHost host{usual_host(), 9};
  host.run(seconds{20});
  host.step_kernel(microseconds{500});
  auto previous = host.serve().transmit;
  auto previous_counter = host.counter();
  for (int i = 0; i < 400; ++i) {
    host.sample();
    host.advance(milliseconds{120});
    const auto served = host.serve();
    const double rate = static_cast<double>((served.transmit - previous).units) / 4294967296.0 *
                        host.true_hertz() / static_cast<double>(host.counter() - previous_counter);
    // The jump also spoils the measured rate while it is in the window of 2 s.
    ASSERT_NEAR(rate, 1.0, 50e-6 + 500e-6);
    ASSERT_TRUE(host.believed());
    ASSERT_LE(abs(host.error()).count(), host.snapshot().error_bound_ns) << i;
    previous = served.transmit;
    previous_counter = host.counter();
  }
  EXPECT_LT(abs(host.error()), microseconds{10});
  EXPECT_EQ(host.discipline().steps(), 0U);
}

// RFC 5905 appendix A.5.1.1: a client refuses a reply whose reference time is after its transmit
// time.
TEST(SystemDisciplineSlew, ReferenceTimeIsNeverAfterTheServedTime) {
  SimulatedHost host{usual_host(), 13};
  host.run(seconds{20});
  host.step_kernel(microseconds{900});
  for (int i = 0; i < 100; ++i) {
    host.sample();
    const auto served = host.serve();
    ASSERT_GE((served.transmit - served.reference_time).units, 0) << i;
    ASSERT_LT(to_nanoseconds(served.transmit - served.reference_time), microseconds{10}) << i;
    host.advance(milliseconds{120});
  }
}

TEST(SystemDisciplineSlew, FollowsAKernelThatSlews) {
  SimulatedHost host{usual_host(), 11};
  host.run(seconds{20});
  for (int i = 0; i < 800; ++i) {
    host.step_kernel(nanoseconds{12'500});  // 100 ppm at 8 Hz
    host.sample();
    host.advance(milliseconds{123});
    ASSERT_TRUE(host.believed());
    ASSERT_LE(abs(host.error()).count(), host.snapshot().error_bound_ns) << i;
  }
  EXPECT_EQ(host.discipline().steps(), 0U);
}

}  // namespace
}  // namespace pollux::clock
