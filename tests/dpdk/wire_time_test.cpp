// How long a usual reply keeps a link busy.
#include <gtest/gtest.h>

#include "dataplane/port/wire_time.h"

namespace pollux::port {
namespace {

// Units of 2^-32 s in a nanosecond.
constexpr double kUnits = 4.294967296;

TEST(WireTime, IsThatOfTheFrameWithAllThatSurroundsIt) {
  // 90 octets and 24 more, 912 bits.
  EXPECT_NEAR(static_cast<double>(time_on_wire(90, 1'000).units), 912 * kUnits, 1);
  EXPECT_NEAR(static_cast<double>(time_on_wire(90, 10'000).units), 91.2 * kUnits, 1);
  EXPECT_NEAR(static_cast<double>(time_on_wire(110, 100'000).units), 10.72 * kUnits, 1);
  EXPECT_NEAR(static_cast<double>(time_on_wire(90, 10).units), 91'200 * kUnits, 1);
}

TEST(WireTime, IsNothingWhereTheSpeedIsNotKnown) {
  EXPECT_EQ(time_on_wire(90, 0).units, 0);
  const WireTime unknown;
  EXPECT_EQ(unknown.read().units, 0);
}

TEST(WireTime, FollowsTheSpeed) {
  WireTime link;
  link.set_speed(25'000);
  EXPECT_EQ(link.read(), time_on_wire(responder::kUsualIpv4Length, 25'000));
  link.set_speed(0);
  EXPECT_EQ(link.read().units, 0);
}

// Even the fastest link and the slowest leave the burst's last reply well within a second.
TEST(WireTime, DoesNotOverflow) {
  EXPECT_GT(time_on_wire(90, 400'000).units, 0);
  EXPECT_LT(time_on_wire(1'500, 10).units, std::int64_t{1} << 32);
}

}  // namespace
}  // namespace pollux::port
