#include "ptp/phc/stamp_map.h"

#include <gtest/gtest.h>

namespace pollux::phc {
namespace {

using std::chrono::nanoseconds;

constexpr double kHertz = 2e9;  // two ticks a nanosecond
constexpr nanoseconds kLongest{5'000'000};
// Near the end of a 64-bit counter, in the year 2100: only differences may matter.
constexpr clock::Counter kEarly{0xffff'ffff'ffff'f000};
constexpr nanoseconds kThen{4'102'444'800'000'000'000};

ClockReading reading(std::int64_t ticks, std::int64_t later, std::int64_t window = 80) {
  return {.counter = kEarly + ticks, .window_ticks = window, .time = kThen + nanoseconds{later}};
}

auto map_to(std::int64_t ticks, std::int64_t later, std::int64_t window = 80) {
  return StampMap::through(reading(0, 0, window), reading(ticks, later, window), kHertz, kLongest);
}

TEST(StampMap, LineThroughBothReadings) {
  const auto map = map_to(20'000, 10'000);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->at(kThen), kEarly);
  EXPECT_EQ(map->at(kThen + nanoseconds{10'000}), kEarly + 20'000);
  EXPECT_EQ(map->at(kThen + nanoseconds{2'500}), kEarly + 5'000);
  EXPECT_EQ(map->at(kThen - nanoseconds{50}), kEarly + -100);
  EXPECT_EQ(map->ticks(nanoseconds{7}), 14);
}

TEST(StampMap, ClockThatIsSlewedIsFollowed) {
  const auto map = map_to(2'000'000, 1'000'500);  // 500 ppm fast
  ASSERT_TRUE(map);
  EXPECT_EQ(map->at(kThen + nanoseconds{1'000'500}), kEarly + 2'000'000);
  EXPECT_EQ(map->at(kThen + nanoseconds{500'250}), kEarly + 1'000'000);
}

TEST(StampMap, CoversWhatLiesBetween) {
  const auto map = map_to(20'000, 10'000);
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->covers(kThen - StampMap::kSlack));
  EXPECT_TRUE(map->covers(kThen + nanoseconds{10'000} + StampMap::kSlack));
  EXPECT_FALSE(map->covers(kThen - StampMap::kSlack - nanoseconds{1}));
  EXPECT_FALSE(map->covers(kThen + nanoseconds{10'001} + StampMap::kSlack));
}

TEST(StampMap, SteepnessIsBounded) {
  // A millisecond; both sandwiches together leave 40 ns of doubt.
  EXPECT_TRUE(map_to(2'000'000, 1'000'639));
  EXPECT_TRUE(map_to(2'000'000, 999'361));
  EXPECT_EQ(map_to(2'000'000, 1'000'641).error(), PhcError::kUneven);
  EXPECT_EQ(map_to(2'000'000, 999'359).error(), PhcError::kUneven);
  // Short rounds are as even as their sandwiches can tell.
  EXPECT_TRUE(map_to(2'000, 1'040));
  EXPECT_EQ(map_to(2'000, 1'042).error(), PhcError::kUneven);
}

TEST(StampMap, ClocksThatGoBackOrStand) {
  EXPECT_EQ(map_to(2'000, -1'000).error(), PhcError::kUneven);
  EXPECT_EQ(map_to(2'000, 0, 1'000'000).error(), PhcError::kUneven);
  EXPECT_EQ(map_to(0, 10, 1'000'000).error(), PhcError::kUneven);
  EXPECT_EQ(map_to(-2'000, 1'000).error(), PhcError::kUneven);
}

TEST(StampMap, LongRoundsAreSlow) {
  EXPECT_TRUE(map_to(10'000'000, 5'000'000));
  EXPECT_EQ(map_to(10'000'002, 5'000'001).error(), PhcError::kSlow);
  EXPECT_EQ(map_to(10'000'000'000, -7).error(), PhcError::kSlow);
}

}  // namespace
}  // namespace pollux::phc
