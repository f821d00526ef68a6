// A clock for tests of the filter bank, and its bank.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

#include "ptp/clock/filter_bank.h"
#include "tests/support/octets.h"

namespace pollux::clock {

using std::chrono::nanoseconds;
using std::chrono::seconds;

inline constexpr double kHertz = 1e9;  // a tick is a nanosecond
inline constexpr TaiTime kStart{seconds{1'800'000'000}};

// A clock that gains `frequency` ns/s on the counter, and its bank.
class BankFixture {
 public:
  explicit BankFixture(double frequency = 20'000, const FilterSettings& settings = usual())
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

}  // namespace pollux::clock
