#include "ptp/clock/rate_window.h"

#include <gtest/gtest.h>

#include "tests/support/octets.h"

namespace pollux::clock {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kStep = 125'000'000;  // ns

TaiTime tai(std::int64_t ns) { return TaiTime{nanoseconds{1'800'000'000'000'000'000 + ns}}; }

// Counter of `hertz` at that many ns.
Counter ticks(double hertz, std::int64_t ns) {
  return {static_cast<std::uint64_t>(static_cast<long double>(ns) *
                                     static_cast<long double>(hertz) / 1e9L)};
}

TEST(RateWindow, SaysNothingWithFewerThanFourSamples) {
  RateWindow window;
  for (int i = 0; i < 3; ++i) {
    window.add(ticks(2e9, i * kStep), tai(i * kStep));
    EXPECT_FALSE(window.hertz().has_value());
  }
  window.add(ticks(2e9, 3 * kStep), tai(3 * kStep));
  EXPECT_TRUE(window.hertz().has_value());
  window.clear();
  EXPECT_FALSE(window.hertz().has_value());
}

TEST(RateWindow, ExactOnAStraightLineAtEveryFill) {
  for (const double hertz : {24e6, 1e9, 2'445'425'837.0, 5e9}) {
    RateWindow window;
    for (int i = 0; i < 100; ++i) {
      window.add(ticks(hertz, i * kStep), tai(i * kStep));
      if (i >= 3) {
        ASSERT_NEAR(window.hertz().value() / hertz, 1.0, 5e-9) << hertz << " at " << i;
      }
    }
  }
}

TEST(RateWindow, NoiseAveragesOut) {
  test::Random random{3};
  RateWindow window;
  for (int i = 0; i < 1'000; ++i) {
    const auto noise = static_cast<std::int64_t>(random.below(200)) - 100;
    window.add(ticks(2e9, i * kStep), tai(i * kStep + noise));
    // 58 ns rms over 2 s of 16 samples: 0.03 ppm rms.
    if (i >= 16) {
      ASSERT_NEAR(window.hertz().value(), 2e9, 2e9 * 0.15e-6);
    }
  }
}

TEST(RateWindow, ForgetsAllButTheNewest) {
  RateWindow window;
  for (int i = 0; i < 50; ++i) window.add(ticks(1e9, i * kStep), tai(i * kStep));
  for (std::size_t i = 0; i < RateWindow::kSamples; ++i) {
    const auto ns = static_cast<std::int64_t>(1'000 + i) * kStep;
    window.add(ticks(3e9, ns), tai(ns));
  }
  EXPECT_NEAR(window.hertz().value(), 3e9, 10);
}

TEST(RateWindow, SaysNothingWhereTheClockOrTheCounterStands) {
  RateWindow frozen_clock;
  RateWindow frozen_counter;
  RateWindow backward;
  for (int i = 0; i < 8; ++i) {
    frozen_clock.add(ticks(1e9, i * kStep), tai(0));
    frozen_counter.add({5}, tai(i * kStep));
    backward.add(ticks(1e9, i * kStep), tai(-i * kStep));
  }
  EXPECT_FALSE(frozen_clock.hertz().has_value());
  EXPECT_FALSE(frozen_counter.hertz().has_value());
  EXPECT_FALSE(backward.hertz().has_value());
}

TEST(RateWindow, SurvivesACounterWrap) {
  RateWindow window;
  for (int i = 0; i < 16; ++i) {
    const auto counter = Counter{~std::uint64_t{0} - 500'000'000} + i * kStep;
    window.add(counter, tai(i * kStep));
  }
  EXPECT_NEAR(window.hertz().value(), 1e9, 1);
}

}  // namespace
}  // namespace pollux::clock
