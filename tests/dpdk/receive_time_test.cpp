// T2 of a frame that only a poll tells of.
#include "dataplane/port/receive_time.h"

#include <gtest/gtest.h>

namespace pollux::test {
namespace {

using clock::Counter;
using port::receive_time;

constexpr std::int64_t kLead = 1000;

TEST(ReceiveTime, IsTheMiddleOfTwoPollsThatFollowEachOther) {
  EXPECT_EQ(receive_time({.at = Counter{5000}, .drained = true}, Counter{5600}, kLead),
            Counter{5300});
}

TEST(ReceiveTime, IsNeverFarBeforeThePollThatBroughtTheFrame) {
  EXPECT_EQ(receive_time({.at = Counter{5000}, .drained = true}, Counter{7000}, kLead),
            Counter{6000});
  EXPECT_EQ(receive_time({.at = Counter{5000}, .drained = true}, Counter{7002}, kLead),
            Counter{6002});
  EXPECT_EQ(receive_time({.at = Counter{0}, .drained = true}, Counter{1'000'000'000}, kLead),
            Counter{999'999'000});
}

TEST(ReceiveTime, IsThePollWhereTheOneBeforeLeftFramesBehind) {
  EXPECT_EQ(receive_time({.at = Counter{5000}, .drained = false}, Counter{5600}, kLead),
            Counter{5600});
  EXPECT_EQ(receive_time({}, Counter{5600}, kLead), Counter{5600});
}

TEST(ReceiveTime, IsNotInTheFutureWhereTheCounterGoesBack) {
  EXPECT_EQ(receive_time({.at = Counter{5600}, .drained = true}, Counter{5000}, kLead),
            Counter{5000});
}

TEST(ReceiveTime, CrossesTheWrapOfTheCounter) {
  EXPECT_EQ(receive_time({.at = Counter{~std::uint64_t{99}}, .drained = true}, Counter{100}, kLead),
            Counter{0});
}

}  // namespace
}  // namespace pollux::test
