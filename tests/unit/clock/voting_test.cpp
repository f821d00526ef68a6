#include "ptp/clock/voting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::clock {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Intervals = std::vector<Interval>;

void expect_majority(const Intervals& intervals, double low, double high) {
  const auto agreed = majority(intervals);
  ASSERT_TRUE(agreed);
  EXPECT_DOUBLE_EQ(agreed->low, low);
  EXPECT_DOUBLE_EQ(agreed->high, high);
}

TEST(Majority, IsWhereMoreThanHalfOverlap) {
  expect_majority({{0, 10}, {5, 15}, {8, 20}}, 8, 10);
  expect_majority({{0, 10}, {5, 15}, {100, 110}}, 5, 10);
  expect_majority({{0, 100}, {10, 20}, {15, 17}}, 15, 17);  // nested
  expect_majority({{-5, 5}}, -5, 5);
  expect_majority({{1, 1}, {1, 1}}, 1, 1);
  expect_majority({{0, 10}, {10, 20}}, 10, 10);  // touching
  expect_majority({{0, 10}, {2, 4}, {6, 8}, {6, 9}}, 6, 8);
}

TEST(Majority, IsNotHalf) {
  EXPECT_FALSE(majority({}));
  EXPECT_FALSE(majority(Intervals{{0, 1}, {2, 3}}));
  EXPECT_FALSE(majority(Intervals{{0, 1}, {0, 1}, {2, 3}, {2, 3}}));
  EXPECT_FALSE(majority(Intervals{{0, 1}, {2, 3}, {4, 5}}));
}

TEST(Majority, TakesTheFirstThirtyTwo) {
  Intervals intervals(kMaximumVotes, {0, 10});
  intervals.insert(intervals.end(), 40, {100, 110});
  expect_majority(intervals, 0, 10);
}

TEST(Majority, WhatIsNoIntervalDoesNotVote) {
  expect_majority({{0, 10}, {kNan, 5}, {5, kNan}, {kNan, kNan}, {8, 3}, {5, 15}}, 5, 10);
  EXPECT_FALSE(majority(Intervals{{kNan, kNan}, {8, 3}}));
  expect_majority({{-kInfinity, kInfinity}, {5, 15}}, 5, 15);
}

// Against counting at every edge.
TEST(Majority, AgreesWithCounting) {
  test::Random random{17};
  for (int round = 0; round < 20'000; ++round) {
    Intervals intervals(1 + random.below(kMaximumVotes));
    for (Interval& interval : intervals) {
      interval.low = static_cast<double>(random.below(40));
      interval.high = interval.low + static_cast<double>(random.below(20));
    }
    std::size_t deepest = 0;
    for (const Interval& edge : intervals) {
      std::size_t depth = 0;
      for (const Interval& other : intervals)
        depth += other.low <= edge.low && edge.low <= other.high ? 1U : 0U;
      deepest = std::max(deepest, depth);
    }
    const auto agreed = majority(intervals);
    ASSERT_EQ(agreed.has_value(), 2 * deepest > intervals.size());
    if (!agreed) continue;
    for (const double at : {agreed->low, agreed->high}) {
      std::size_t depth = 0;
      for (const Interval& other : intervals)
        depth += other.overlaps({.low = at, .high = at}) ? 1U : 0U;
      ASSERT_EQ(depth, deepest);
    }
  }
}

}  // namespace
}  // namespace pollux::clock
