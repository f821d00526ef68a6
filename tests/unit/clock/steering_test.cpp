#include "ptp/clock/steering.h"

#include <gtest/gtest.h>

namespace pollux::clock {
namespace {

constexpr double kHertz = 2.5e9;
constexpr std::int64_t kTick = 312'500'000;  // an eighth of a second
constexpr NtpTime kStart{0xe900'0000'0000'0000};

NtpDuration milliseconds(double value) { return {static_cast<std::int64_t>(value * 4294967.296)}; }

double seconds(NtpDuration duration) { return static_cast<double>(duration.units) / 4294967296.0; }

// Rate of the served time against the counter's true rate, minus one.
double extra_rate(const Steering& steering) {
  const Counter base = steering.map().base;
  const auto one_second = static_cast<std::int64_t>(kHertz);
  return seconds(steering.map().at(base + one_second) - steering.map().at(base)) - 1.0;
}

TEST(Steering, StepSetsTheTime) {
  Steering steering;
  steering.step({1'000}, kStart, kHertz);
  EXPECT_EQ(steering.map().at({1'000}), kStart);
  EXPECT_EQ(steering.residual(), NtpDuration{});
  EXPECT_NEAR(extra_rate(steering), 0.0, 1e-9);
}

TEST(Steering, ANewMapStartsWhereTheOldOneIs) {
  Steering steering;
  steering.step({0}, kStart, kHertz);
  Counter now{0};
  for (int i = 0; i < 200; ++i) {
    now = now + kTick;
    const NtpTime before = steering.map().at(now);
    const double error = i % 2 == 0 ? 0.9 : -0.9;
    steering.steer(now, before + milliseconds(error), kHertz, i % 3 != 0);
    EXPECT_EQ(steering.map().at(now), before);
    EXPECT_EQ(steering.residual(), milliseconds(error));
  }
}

TEST(Steering, RateIsLimited) {
  struct Row {
    double error_ms;
    bool serving;
    double rate;
  };
  // Below the limit, the error is to vanish within the time constant of half a second.
  for (const Row& row : {Row{0.01, true, 20e-6}, Row{-0.02, true, -40e-6}, Row{0.9, true, 50e-6},
                         Row{-0.9, true, -50e-6}, Row{0.2, false, 400e-6}, Row{5.0, false, 500e-6},
                         Row{-5.0, false, -500e-6}}) {
    Steering steering;
    steering.step({0}, kStart, kHertz);
    steering.steer({0}, kStart + milliseconds(row.error_ms), kHertz, row.serving);
    EXPECT_NEAR(extra_rate(steering), row.rate, 2e-9) << row.error_ms;
  }
}

TEST(Steering, ConvergesWithoutOvershoot) {
  Steering steering;
  steering.step({0}, kStart, kHertz);
  // True time is 0.4 ms ahead from the start: 8 s at 50 ppm, then an exponential.
  double previous = 1.0;
  for (int i = 0; i < 160; ++i) {
    const Counter now = Counter{0} + i * kTick;
    const auto truth = kStart + NtpDuration{static_cast<std::int64_t>(i) * (std::int64_t{1} << 29)};
    steering.steer(now, truth + milliseconds(0.4), kHertz, true);
    const double error = seconds(steering.residual());
    EXPECT_LE(error, previous + 1e-9) << i;
    EXPECT_GE(error, -1e-9) << i;
    previous = error;
  }
  EXPECT_LT(previous, 1e-6);
}

TEST(Steering, NeverGoesBackward) {
  Steering steering;
  steering.step({0}, kStart, kHertz);
  NtpTime previous = kStart;
  for (int i = 1; i < 1'000; ++i) {
    const Counter now = Counter{0} + i * (kTick / 100);
    const NtpTime time = steering.map().at(now);
    ASSERT_GT((time - previous).units, 0) << i;
    previous = time;
    steering.steer(now, time + milliseconds(i % 7 == 0 ? -30.0 : 3.0), kHertz, i % 2 == 0);
  }
}

TEST(Steering, ShiftMovesTheScaleOnly) {
  Steering steering;
  steering.step({0}, kStart, kHertz);
  steering.steer({0}, kStart + milliseconds(0.01), kHertz, true);
  const auto before = steering.map();
  const NtpDuration second{-(std::int64_t{1} << 32)};
  steering.shift(second);
  for (const std::uint64_t ticks :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10'000'000'000}}) {
    EXPECT_EQ(steering.map().at({ticks}), before.at({ticks}) + second);
  }
}

}  // namespace
}  // namespace pollux::clock
