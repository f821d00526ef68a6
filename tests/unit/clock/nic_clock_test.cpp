// A simulated network card: its clock runs at a rate of its own and is read through a window.
#include "ptp/clock/nic_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

namespace pollux::clock {
namespace {

constexpr double kHertz = 2.445e9;  // of the counter
constexpr double kMicrosecond = kHertz * 1e-6;

// Times are in ticks of the counter since the start.
class Card {
 public:
  Card(double hertz, double ppm, std::uint64_t first)
      : rate_{hertz / kHertz * (1 + ppm * 1e-6)}, first_{first} {}

  [[nodiscard]] std::uint64_t ticks_at(std::int64_t time) const {
    return first_ +
           static_cast<std::uint64_t>(std::llround(std::floor(static_cast<double>(time) * rate_)));
  }

  // A reading that begins at `time` and takes some microseconds, seldom many.
  NicReading read(std::int64_t time) {
    const double window = kMicrosecond * (1 + spread_(random_) * (seldom_(random_) ? 200 : 0.5));
    const auto ahead = static_cast<std::int64_t>(window * (0.5 + 0.1 * (spread_(random_) - 0.5)));
    const Counter before = kStart + time;
    return {.before = before,
            .ticks = ticks_at(time + ahead),
            .after = before + static_cast<std::int64_t>(window)};
  }

  void reset() { first_ = 5 - ticks_at(0) + first_; }
  void change_rate(double factor, std::int64_t now) {
    const std::uint64_t then = ticks_at(now);
    rate_ *= factor;
    first_ += then - ticks_at(now);
  }

  static constexpr Counter kStart{0xffff'ffff'ff00'0000};  // the counter wraps soon

 private:
  double rate_;  // ticks of the card for one of the counter
  std::uint64_t first_;
  std::mt19937_64 random_{1};
  std::uniform_real_distribution<double> spread_{0, 1};
  std::bernoulli_distribution seldom_{0.1};
};

constexpr auto kInterval = static_cast<std::int64_t>(kHertz / 8);

// How far the map puts the card's ticks of `time` from that time, in ns.
double error_at(const NicClock& clock, const Card& card, std::int64_t time) {
  const Counter mapped = clock.map().at(card.ticks_at(time));
  return static_cast<double>(mapped - (Card::kStart + time)) / kHertz * 1e9;
}

void feed(NicClock& clock, Card& card, std::int64_t& time, int readings) {
  for (int i = 0; i < readings; ++i) {
    clock.add(card.read(time));
    time += kInterval;
  }
}

TEST(NicClock, FindsRateAndPhaseOfAnyCard) {
  for (const double hertz : {1e9, 125e6, 2.5e9, 156.25e6, 10e6}) {
    for (const double ppm : {0.0, -80.0, 100.0}) {
      Card card{hertz, ppm, 0x1234'5678'9abc'def0};
      NicClock clock{kHertz};
      std::int64_t time = 0;
      feed(clock, card, time, static_cast<int>(NicClock::kWarmUp));
      const double tick = 1e9 / hertz;
      EXPECT_LT(std::abs(error_at(clock, card, time)), 200 + tick) << hertz << ' ' << ppm;
      double worst = 0;
      for (int i = 0; i < 400; ++i) {
        feed(clock, card, time, 1);
        for (const double ahead : {-1e-3, 0.0, 0.125})
          worst = std::max(
              worst,
              std::abs(error_at(clock, card, time + static_cast<std::int64_t>(ahead * kHertz))));
      }
      EXPECT_LT(worst, 100 + tick) << hertz << ' ' << ppm;
      EXPECT_EQ(clock.restarts(), 0U) << hertz << ' ' << ppm;
    }
  }
}

TEST(NicClock, HasNoMapBeforeItIsWarm) {
  Card card{1e9, 10, 77};
  NicClock clock{kHertz};
  std::int64_t time = 0;
  feed(clock, card, time, static_cast<int>(NicClock::kWarmUp) - 1);
  EXPECT_FALSE(clock.map().is_usable(Card::kStart + time));
  feed(clock, card, time, 1);
  EXPECT_TRUE(clock.map().is_usable(Card::kStart + time));
}

TEST(NicClock, AMapIsVoidTwoSecondsAfterTheLastReading) {
  Card card{1e9, 10, 77};
  NicClock clock{kHertz};
  std::int64_t time = 0;
  feed(clock, card, time, 20);
  const Counter last = Card::kStart + (time - kInterval);
  EXPECT_TRUE(clock.map().is_usable(last + static_cast<std::int64_t>(1.99 * kHertz)));
  EXPECT_FALSE(clock.map().is_usable(last + static_cast<std::int64_t>(2.01 * kHertz)));
  EXPECT_FALSE(NicMap{}.is_usable({0}));
}

TEST(NicClock, AResetTakesTheMapAwayUntilItIsWarmAgain) {
  for (const std::uint64_t first : {std::uint64_t{0xffff'ffff'ffff'0000}, std::uint64_t{1'000}}) {
    Card card{125e6, -20, first};
    NicClock clock{kHertz};
    std::int64_t time = 0;
    feed(clock, card, time, 100);
    ASSERT_TRUE(clock.map().is_usable(Card::kStart + time));
    card.reset();
    feed(clock, card, time, 1);
    EXPECT_EQ(clock.restarts(), 1U);
    feed(clock, card, time, static_cast<int>(NicClock::kWarmUp) - 2);
    EXPECT_FALSE(clock.map().is_usable(Card::kStart + time));
    feed(clock, card, time, 1);
    EXPECT_TRUE(clock.map().is_usable(Card::kStart + time));
    EXPECT_LT(std::abs(error_at(clock, card, time)), 300);
    EXPECT_EQ(clock.restarts(), 1U);
  }
}

TEST(NicClock, AResetWhileWarmingUpStartsAgain) {
  Card card{1e9, 0, 0xffff'0000'0000};
  NicClock clock{kHertz};
  std::int64_t time = 0;
  feed(clock, card, time, 4);
  card.reset();
  feed(clock, card, time, static_cast<int>(NicClock::kWarmUp) - 1);
  EXPECT_FALSE(clock.map().is_usable(Card::kStart + time));
  feed(clock, card, time, 1);
  EXPECT_LT(std::abs(error_at(clock, card, time)), 300);
}

// Forward, by a step that no rate explains.
TEST(NicClock, AStepForwardWhileWarmingUpIsNotTakenForARate) {
  Card card{1e9, 0, 0};
  NicClock clock{kHertz};
  std::int64_t time = 0;
  for (int i = 0; i < static_cast<int>(NicClock::kWarmUp); ++i) {
    NicReading reading = card.read(time);
    if (i >= 4) reading.ticks += 50'000'000;
    clock.add(reading);
    time += kInterval;
  }
  EXPECT_FALSE(clock.map().is_usable(Card::kStart + time));
  EXPECT_EQ(clock.restarts(), 1U);
}

TEST(NicClock, FollowsADriftingCard) {
  Card card{1e9, 0, 0};
  NicClock clock{kHertz};
  std::int64_t time = 0;
  feed(clock, card, time, 100);
  for (int i = 0; i < 400; ++i) {
    card.change_rate(1 + 2e-9, time);  // 16 ppb a second
    feed(clock, card, time, 1);
    EXPECT_LT(std::abs(error_at(clock, card, time)), 150) << i;
  }
  EXPECT_EQ(clock.restarts(), 0U);
}

TEST(NicClock, WideReadingsAreLeftOut) {
  Card card{1e9, 0, 0};
  NicClock clock{kHertz};
  std::int64_t time = 0;
  feed(clock, card, time, 40);
  const NicMap before = clock.map();
  NicReading wide = card.read(time);
  wide.after = wide.before + static_cast<std::int64_t>(2e-3 * kHertz);
  clock.add(wide);
  NicReading reversed = card.read(time);
  reversed.after = reversed.before + -1;
  clock.add(reversed);
  EXPECT_EQ(clock.map().base_ticks, before.base_ticks);
  EXPECT_EQ(clock.restarts(), 0U);
}

TEST(NicClock, ACardThatStandsStillHasNoMap) {
  NicClock clock{kHertz};
  std::int64_t time = 0;
  for (int i = 0; i < 100; ++i) {
    clock.add({.before = {1'000 + static_cast<std::uint64_t>(time)},
               .ticks = 7,
               .after = {3'000 + static_cast<std::uint64_t>(time)}});
    time += kInterval;
    EXPECT_EQ(clock.map().multiplier, 0);
  }
}

// Whatever a card says, the map is plain arithmetic.
TEST(NicMap, IsDefinedForEveryStamp) {
  const NicMap map{.base_ticks = 5,
                   .base = {1'000},
                   .multiplier = std::int64_t{3} << NicMap::kShift,
                   .void_after = {}};
  EXPECT_EQ(map.at(5), Counter{1'000});
  EXPECT_EQ(map.at(7), Counter{1'006});
  EXPECT_EQ(map.at(4), Counter{997});
  EXPECT_NE(map.at(0x8000'0000'0000'0005), Counter{1'000});
}

}  // namespace
}  // namespace pollux::clock
