#include "ptp/clock/filter_bank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/octets.h"

namespace pollux::clock {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double kHertz = 1e9;  // a tick is a nanosecond
constexpr TaiTime kStart{seconds{1'800'000'000}};

// A clock that gains `frequency` ns/s on the counter, and its bank.
class Fixture {
 public:
  explicit Fixture(double frequency = 20'000, const FilterSettings& settings = usual())
      : bank{settings}, frequency_{frequency} {}

  static FilterSettings usual() { return {.nominal_hertz = kHertz, .noise_floor = 8}; }

  // True reading of the clock at that counter.
  [[nodiscard]] TaiTime clock_at(std::int64_t ticks) const {
    return kStart + nanoseconds{ticks} +
           nanoseconds{std::llround(static_cast<double>(ticks) * frequency_ * 1e-9)};
  }
  [[nodiscard]] ClockSample sample(double error = 0, std::int64_t window = 100) const {
    return {.counter = Counter{} + ticks_,
            .window_ticks = window,
            .time = clock_at(ticks_) + nanoseconds{std::llround(error)}};
  }
  SampleFate add(double error = 0, std::int64_t window = 100) {
    const SampleFate fate = bank.add(sample(error, window));
    ticks_ += bank.is_tracking() ? 125'000'000 : 20'000'000;
    return fate;
  }
  void warm_up() {
    for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) add();
  }
  void run(int samples) {
    for (int i = 0; i < samples; ++i) add(noise());
  }
  double noise() { return static_cast<double>(random.below(17)) - 8; }
  // Of the estimate, ns.
  [[nodiscard]] double error_at(std::int64_t ticks) const {
    const Estimate estimate = bank.at(Counter{} + ticks);
    return static_cast<double>((estimate.time - clock_at(ticks)).count()) + estimate.fraction;
  }

  FilterBank bank;
  test::Random random{5};
  std::int64_t ticks_ = 1'000'000'000'000;

 private:
  double frequency_;
};

TEST(FilterBank, StartsOnTheLineThroughItsFirstReadings) {
  for (const double frequency : {-499'000.0, -30'000.0, 0.0, 7'300.0, 499'000.0}) {
    Fixture fixture{frequency};
    for (std::size_t i = 1; i < FilterBank::kWarmUp; ++i) {
      EXPECT_EQ(fixture.add(), SampleFate::kGathered);
      EXPECT_FALSE(fixture.bank.is_tracking());
    }
    EXPECT_EQ(fixture.add(), SampleFate::kTaken);
    ASSERT_TRUE(fixture.bank.is_tracking());
    const Estimate estimate = fixture.bank.at(fixture.bank.last_sample());
    EXPECT_NEAR(estimate.frequency, frequency, 5);
    EXPECT_NEAR(fixture.error_at(fixture.ticks_ - 125'000'000), 0, 2);
    // Standard deviations of a least-squares line through 16 readings of 8 ns over 0.3 s.
    EXPECT_NEAR(estimate.phase_sigma, 3.9, 0.2);
    EXPECT_NEAR(estimate.frequency_sigma, 21.7, 1);
  }
}

TEST(FilterBank, AWideReadingCountsLess) {
  Fixture narrow;
  Fixture wide;
  for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) {
    const bool is_odd = i == 10;
    narrow.add(is_odd ? 80 : 0, 200);
    wide.add(is_odd ? 80 : 0, is_odd ? 2'000 : 200);
  }
  const double narrow_error = std::abs(narrow.error_at(narrow.ticks_));
  const double wide_error = std::abs(wide.error_at(wide.ticks_));
  EXPECT_GT(narrow_error, 3);
  EXPECT_LT(wide_error, 1);
  EXPECT_DOUBLE_EQ(wide.bank.narrowest_window(), 200);
}

TEST(FilterBank, NoLineThroughAStepOrAClockThatStands) {
  Fixture step;
  SampleFate fate{};
  for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) fate = step.add(i < 8 ? 0 : 100'000);
  EXPECT_EQ(fate, SampleFate::kDisrupted);
  EXPECT_FALSE(step.bank.is_tracking());
  step.warm_up();
  EXPECT_TRUE(step.bank.is_tracking());

  for (const double frequency : {-1e9, 501'000.0, -501'000.0}) {
    Fixture wrong{frequency};
    for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) fate = wrong.add();
    EXPECT_EQ(fate, SampleFate::kDisrupted) << frequency;
  }
}

TEST(FilterBank, AKnownFrequencyMakesTheStartBetter) {
  Fixture fixture;
  fixture.bank.expect({.frequency = 20'000, .sigma = 0.5});
  for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) fixture.add(i % 2 == 0 ? 8 : -8);
  const Estimate estimate = fixture.bank.at(fixture.bank.last_sample());
  EXPECT_NEAR(estimate.frequency, 20'000, 0.1);
  EXPECT_LT(estimate.frequency_sigma, 0.51);
}

// A stored frequency is a hint: readings that contradict it win, at once.
TEST(FilterBank, AWrongKnownFrequencyDoesNotPreventTheStart) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const KnownFrequency& known :
       {KnownFrequency{.frequency = -80'000, .sigma = 1},
        KnownFrequency{.frequency = 0, .sigma = 0}, KnownFrequency{.frequency = kNan, .sigma = 1},
        KnownFrequency{.frequency = 1e300, .sigma = 1e-300}}) {
    Fixture fixture;
    fixture.bank.expect(known);
    fixture.warm_up();
    ASSERT_TRUE(fixture.bank.is_tracking()) << known.frequency;
    EXPECT_NEAR(fixture.bank.at(fixture.bank.last_sample()).frequency, 20'000, 30);
  }
}

TEST(FilterBank, OutliersAreLeftOutUntilTheFourth) {
  Fixture fixture;
  fixture.warm_up();
  fixture.run(100);
  for (int i = 1; i < FilterBank::kOutliersToDisrupt; ++i) {
    EXPECT_EQ(fixture.add(5'000), SampleFate::kOutlier);
    EXPECT_GT(fixture.bank.innovation(), 4'900);
  }
  EXPECT_NEAR(fixture.error_at(fixture.ticks_), 0, 10);
  EXPECT_EQ(fixture.add(), SampleFate::kTaken);  // and are forgotten
  for (int i = 1; i < FilterBank::kOutliersToDisrupt; ++i)
    EXPECT_EQ(fixture.add(-5'000), SampleFate::kOutlier);
  EXPECT_TRUE(fixture.bank.is_tracking());
  EXPECT_EQ(fixture.add(-5'000), SampleFate::kDisrupted);
  EXPECT_FALSE(fixture.bank.is_tracking());
  for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) fixture.add(-5'000);
  EXPECT_TRUE(fixture.bank.is_tracking());
  EXPECT_NEAR(fixture.error_at(fixture.ticks_), -5'000, 20);
}

// Half the window, five standard deviations and the slack.
TEST(FilterBank, BelievesAsFarAsTheWindowAllows) {
  for (const std::int64_t window : {100, 1'000, 10'000}) {
    const double half = static_cast<double>(window) / 2;
    Fixture fixture;
    fixture.warm_up();
    fixture.run(400);
    EXPECT_EQ(fixture.add(half + 45, window), SampleFate::kTaken) << window;
    fixture.run(400);
    EXPECT_EQ(fixture.add(half + 50 + 60, window), SampleFate::kOutlier) << window;
  }
}

// A believed reading that is far off in standard deviations moves the phase by a fraction of it.
TEST(FilterBank, AFarReadingIsWeakened) {
  Fixture fixture;
  fixture.warm_up();
  fixture.run(800);
  const double before = fixture.error_at(fixture.ticks_);
  // As narrow as the others in its weight, but believed for its window.
  EXPECT_EQ(fixture.add(90, 110), SampleFate::kTaken);
  const double moved = fixture.error_at(fixture.ticks_) - before;
  EXPECT_GT(moved, 0.5);
  EXPECT_LT(moved, 12);
}

TEST(FilterBank, CountersThatDoNotRiseAreOutliers) {
  Fixture fixture;
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
TEST(FilterBank, ACounterThatWentBackForGoodStartsAnew) {
  for (const bool in_warm_up : {false, true}) {
    Fixture fixture;
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

TEST(FilterBank, ExtrapolatesFarAheadAndBack) {
  Fixture fixture{7'300};
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

TEST(FilterBank, SurvivesACounterWrap) {
  Fixture fixture{7'300};
  FilterBank bank{Fixture::usual()};
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

TEST(FilterBank, ShiftMovesTheScaleAndNothingElse) {
  for (const int gathered : {5, 100}) {
    Fixture fixture;
    for (int i = 0; i < gathered; ++i) fixture.add();
    fixture.bank.shift(seconds{-27});
    for (int i = 0; i < 40; ++i) {
      ClockSample sample = fixture.sample();
      sample.time -= seconds{27};
      const auto fate = fixture.bank.add(sample);
      EXPECT_TRUE(fate == SampleFate::kTaken || fate == SampleFate::kGathered) << i;
      fixture.ticks_ += 125'000'000;
    }
    EXPECT_NEAR(fixture.error_at(fixture.ticks_), -27e9, 30);
  }
}

TEST(FilterBank, RestartForgets) {
  Fixture fixture;
  fixture.warm_up();
  fixture.bank.restart();
  EXPECT_FALSE(fixture.bank.is_tracking());
  // What was tracked is still known.
  EXPECT_NEAR(fixture.error_at(fixture.ticks_), 0, 30);
  for (std::size_t i = 0; i < FilterBank::kWarmUp; ++i) fixture.add(1e6, 500);
  EXPECT_TRUE(fixture.bank.is_tracking());
  EXPECT_NEAR(fixture.error_at(fixture.ticks_), 1e6, 30);
  EXPECT_DOUBLE_EQ(fixture.bank.narrowest_window(), 500);
}

TEST(FilterBank, TheNarrowestWindowIsOfTheLastSixtyFour) {
  Fixture fixture;
  fixture.warm_up();
  for (int i = 0; i < 63; ++i) fixture.add(0, 300);
  EXPECT_DOUBLE_EQ(fixture.bank.narrowest_window(), 100);
  fixture.add(0, 300);
  EXPECT_DOUBLE_EQ(fixture.bank.narrowest_window(), 300);
}

// The bank finds out how steady the oscillator is.
TEST(FilterBank, SelectsTheFilterThatFitsTheOscillator) {
  Fixture steady;
  steady.warm_up();
  steady.run(4'000);
  EXPECT_EQ(steady.bank.selected(), 0U);

  Fixture restless;
  restless.warm_up();
  double frequency = 0;
  double phase = 0;
  for (int i = 0; i < 4'000; ++i) {
    // 5 ns/s in each root second, more than the third filter expects.
    frequency += restless.random.chance(2) ? 1.8 : -1.8;
    phase += frequency * 0.125;
    ASSERT_EQ(restless.add(phase + restless.noise()), SampleFate::kTaken) << i;
  }
  EXPECT_EQ(restless.bank.selected(), 3U);
}

}  // namespace
}  // namespace pollux::clock
