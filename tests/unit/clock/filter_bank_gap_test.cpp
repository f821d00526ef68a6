// The filter bank where readings are missing, or the counter is not what it was.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/clock/bank_fixture.h"

namespace pollux::clock {
namespace {

// The oscillator went 20 us away meanwhile: a reading of 50 us cannot tell, and does not end the
// gap.
TEST(FilterBankGap, AfterAGapAWideReadingIsLeftOut) {
  BankFixture fixture;
  fixture.warm_up();
  fixture.run(400);
  const Counter before = fixture.bank.last_sample();
  fixture.ticks_ += 30'000'000'000;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fixture.add(20'000, 50'000), SampleFate::kOutlier);
  EXPECT_EQ(fixture.bank.last_sample(), before);
  EXPECT_TRUE(fixture.bank.is_tracking());
  EXPECT_EQ(fixture.add(0, 110), SampleFate::kTaken);
  EXPECT_EQ(fixture.add(20'000, 50'000), SampleFate::kTaken);  // in no gap it only counts little
  // Where all windows have become wider, they are the narrowest soon.
  fixture.ticks_ += 30'000'000'000;
  int left_out = 0;
  while (fixture.add(0, 50'000) == SampleFate::kOutlier) ASSERT_LT(++left_out, 70);
  EXPECT_GT(left_out, 10);
}

TEST(FilterBankGap, CountersThatDoNotRiseAreOutliers) {
  BankFixture fixture;
  fixture.warm_up();
  ClockSample again = fixture.sample();
  EXPECT_EQ(fixture.bank.add(again), SampleFate::kTaken);
  EXPECT_EQ(fixture.bank.add(again), SampleFate::kOutlier);
  again.counter = again.counter + -1'000;
  EXPECT_EQ(fixture.bank.add(again), SampleFate::kOutlier);
  fixture.ticks_ += 125'000'000;
  EXPECT_EQ(fixture.add(), SampleFate::kTaken);
}

// A machine that was moved, and its counter with it: the bank does not wait for the old counter.
TEST(FilterBankGap, ACounterThatWentBackForGoodStartsAnew) {
  for (const bool in_warm_up : {false, true}) {
    BankFixture fixture;
    if (in_warm_up) {
      for (int i = 0; i < 5; ++i) fixture.add();
    } else {
      fixture.warm_up();
      fixture.run(100);
    }
    fixture.ticks_ = 1'000'000;
    for (int i = 0; i < 40; ++i) fixture.add();
    EXPECT_TRUE(fixture.bank.is_tracking()) << in_warm_up;
    EXPECT_NEAR(fixture.error_at(fixture.ticks_), 0, 10) << in_warm_up;
  }
}

TEST(FilterBankGap, ExtrapolatesFarAheadAndBack) {
  BankFixture fixture{7'300};
  fixture.warm_up();
  fixture.run(4'000);
  const std::int64_t now = fixture.ticks_;
  for (const double length : {-900.0, -3'600.0, 60.0, 3'600.0, 86'400.0, 1e9}) {
    const auto ticks = now + std::llround(length * kHertz);
    const Estimate estimate = fixture.bank.at(Counter{} + ticks);
    EXPECT_NEAR(fixture.error_at(ticks), 0, 4 * estimate.phase_sigma) << length;
    EXPECT_GE(estimate.fraction, 0);
    EXPECT_LT(estimate.fraction, 1);
    EXPECT_GT(estimate.phase_sigma, 2);
  }
}

TEST(FilterBankGap, SurvivesACounterWrap) {
  BankFixture fixture{7'300};
  FilterBank bank{BankFixture::usual()};
  const Counter start{~std::uint64_t{0} - 5'000'000'000};
  for (std::int64_t i = 0; i < 100; ++i) {
    const std::int64_t ticks = i * 125'000'000;
    const auto fate =
        bank.add({.counter = start + ticks, .window_ticks = 100, .time = fixture.clock_at(ticks)});
    if (i >= 15) {
      ASSERT_EQ(fate, SampleFate::kTaken) << i;
    }
  }
  EXPECT_NEAR(bank.at(bank.last_sample()).frequency, 7'300, 1);
}

// The steadiest filter expects the least, and is the furthest off then.
TEST(FilterBankGap, TheFilterThatExpectedItIsFollowed) {
  BankFixture fixture;
  fixture.warm_up();
  double frequency = 0;
  double phase = 0;
  for (int i = 0; i < 4'000; ++i) {
    frequency += fixture.random.chance(2) ? 1.8 : -1.8;
    phase += frequency * 0.125;
    fixture.add(phase + fixture.noise());
  }
  ASSERT_EQ(fixture.bank.selected(), 3U);
  fixture.ticks_ += 600'000'000'000;
  const double predicted = fixture.error_at(fixture.ticks_);
  const double sigma = fixture.bank.at(Counter{} + fixture.ticks_).phase_sigma;
  const double reading = predicted + 5 * sigma + 90;
  const auto at = fixture.ticks_;
  EXPECT_EQ(fixture.add(reading), SampleFate::kTaken);
  EXPECT_NEAR(fixture.error_at(at), reading, 50);
}

}  // namespace
}  // namespace pollux::clock
