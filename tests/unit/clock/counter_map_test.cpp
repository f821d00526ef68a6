#include "ptp/clock/counter_map.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tests/support/octets.h"

namespace pollux::clock {
namespace {

constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max();

// floor(distance * multiplier / 2^55) modulo 2^64 by long multiplication of 32-bit halves.
std::uint64_t long_multiplication(std::int64_t distance, std::int64_t multiplier) {
  const bool negative = distance < 0;
  const std::uint64_t a =
      negative ? 0 - static_cast<std::uint64_t>(distance) : static_cast<std::uint64_t>(distance);
  const auto b = static_cast<std::uint64_t>(multiplier);
  const std::uint64_t low = (a & 0xffff'ffff) * (b & 0xffff'ffff);
  const std::uint64_t middle1 = (a >> 32) * (b & 0xffff'ffff);
  const std::uint64_t middle2 = (a & 0xffff'ffff) * (b >> 32);
  const std::uint64_t carry = (low >> 32) + (middle1 & 0xffff'ffff) + (middle2 & 0xffff'ffff);
  const std::uint64_t bottom = carry << 32 | (low & 0xffff'ffff);
  const std::uint64_t top =
      (a >> 32) * (b >> 32) + (middle1 >> 32) + (middle2 >> 32) + (carry >> 32);
  const std::uint64_t quotient = top << 9 | bottom >> 55;
  if (!negative) return quotient;
  const bool rest = (bottom & ((std::uint64_t{1} << 55) - 1)) != 0;
  return 0 - (quotient + (rest ? 1U : 0U));
}

TEST(CounterMap, StartsAtItsBase) {
  const CounterMap map{
      .base = {123}, .base_time = {456}, .multiplier = CounterMap::multiplier_for(2.5e9)};
  EXPECT_EQ(map.at({123}), NtpTime{456});
}

TEST(CounterMap, CountsForwardAndBackwardFromItsBase) {
  const CounterMap map{.base = {1'000'000'000},
                       .base_time = {std::uint64_t{100} << 32},
                       .multiplier = CounterMap::multiplier_for(1e9)};
  const auto units_at = [&map](std::uint64_t ticks) {
    return static_cast<std::int64_t>(map.at({ticks}).units);
  };
  EXPECT_NEAR(static_cast<double>(units_at(1'500'000'000)), 100.5 * 4294967296.0, 1.0);
  EXPECT_NEAR(static_cast<double>(units_at(500'000'000)), 99.5 * 4294967296.0, 1.0);
  EXPECT_LT(units_at(999'999'999), units_at(1'000'000'000));
}

TEST(CounterMap, ExactAtTheExtremesOfDistanceAndRate) {
  const std::array<std::int64_t, 9> distances{0,
                                              1,
                                              -1,
                                              1'000'000'007,
                                              -1'000'000'007,
                                              kFarthest,
                                              -kFarthest,
                                              std::numeric_limits<std::int64_t>::min(),
                                              kFarthest / 2 + 1};
  const std::array<std::int64_t, 5> multipliers{1, CounterMap::multiplier_for(5e9),
                                                std::int64_t{1} << 55,
                                                CounterMap::multiplier_for(16.8e6), kFarthest};
  const Counter base{0x8000'0000'0000'1234};
  for (const auto distance : distances) {
    for (const auto multiplier : multipliers) {
      const CounterMap map{.base = base, .base_time = {77}, .multiplier = multiplier};
      EXPECT_EQ(map.at(base + distance).units, 77 + long_multiplication(distance, multiplier))
          << distance << " * " << multiplier;
    }
  }
}

TEST(CounterMap, ExactForRandomDistances) {
  test::Random random{2};
  for (int i = 0; i < 200'000; ++i) {
    const auto distance = static_cast<std::int64_t>(random.next()) >> random.below(64);
    const auto multiplier = static_cast<std::int64_t>(random.next() >> 1) >> random.below(40);
    const CounterMap map{
        .base = {random.next()}, .base_time = {random.next()}, .multiplier = multiplier};
    ASSERT_EQ(map.at(map.base + distance).units,
              map.base_time.units + long_multiplication(distance, multiplier));
  }
}

TEST(CounterMap, MultiplierKeepsTheRateForSlowAndFastCounters) {
  for (const double hertz : {16.8e6, 24e6, 1e9, 2445425837.1, 5e9}) {
    const auto multiplier = CounterMap::multiplier_for(hertz);
    ASSERT_GT(multiplier, 0) << hertz;
    // A day later, against long double arithmetic: 64 bits of mantissa.
    const auto ticks = static_cast<std::int64_t>(hertz * 86'400);
    const CounterMap map{.base = {}, .base_time = {}, .multiplier = multiplier};
    const long double wanted =
        static_cast<long double>(ticks) * 4294967296.0L / static_cast<long double>(hertz);
    const auto got = static_cast<long double>(map.at(Counter{} + ticks).units);
    EXPECT_LT(std::fabs(got - wanted) / 4294967296.0L, 1e-9L) << hertz;  // 1 ns in a day
  }
}

TEST(CounterMap, SlowestCounterStillFits) {
  const double slowest = std::nextafter(CounterMap::kMinimumHertz, 1e9);
  EXPECT_GT(CounterMap::multiplier_for(slowest), std::int64_t{1} << 62);
}

TEST(CounterMap, CrossesTheEraBoundary) {
  const CounterMap map{.base = {0},
                       .base_time = {0xffff'ffff'ffff'0000},
                       .multiplier = std::int64_t{1} << CounterMap::kShift};
  EXPECT_EQ(map.at({0x1'0000}), NtpTime{0});
  EXPECT_EQ(map.at({0x1'0005}), NtpTime{5});
}

TEST(CounterMap, NeverDecreasesAsTheCounterAdvances) {
  const CounterMap map{
      .base = {5'000}, .base_time = {0}, .multiplier = CounterMap::multiplier_for(5e9)};
  auto previous = map.at({0});
  for (std::uint64_t ticks = 1; ticks < 20'000; ++ticks) {
    const auto time = map.at({ticks});
    ASSERT_GE((time - previous).units, 0) << ticks;
    previous = time;
  }
}

}  // namespace
}  // namespace pollux::clock
