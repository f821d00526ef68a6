// Rate of the counter against a clock, as a least-squares line over the newest samples.
// Pure; owned by the clock thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "ptp/clock/time.h"

namespace pollux::clock {

class RateWindow {
 public:
  static constexpr std::size_t kSamples = 16;

  void clear() noexcept { count_ = 0; }

  void add(Counter counter, TaiTime time) noexcept {
    samples_[count_ % kSamples] = {counter, time};
    ++count_;
  }

  // Ticks for a second of the clock; nothing with fewer than 4 samples or when they do not advance.
  [[nodiscard]] std::optional<double> hertz() const noexcept {
    const std::size_t used = count_ < kSamples ? count_ : kSamples;
    if (used < 4) return std::nullopt;
    const Sample& origin = samples_[0];
    double mean_ticks = 0;
    double mean_seconds = 0;
    for (std::size_t i = 0; i < used; ++i) {
      mean_ticks += ticks(samples_[i], origin) / static_cast<double>(used);
      mean_seconds += seconds(samples_[i], origin) / static_cast<double>(used);
    }
    double covariance = 0;
    double variance = 0;
    for (std::size_t i = 0; i < used; ++i) {
      const double x = seconds(samples_[i], origin) - mean_seconds;
      covariance += x * (ticks(samples_[i], origin) - mean_ticks);
      variance += x * x;
    }
    if (variance <= 0 || covariance <= 0) return std::nullopt;
    return covariance / variance;
  }

 private:
  struct Sample {
    Counter counter;
    TaiTime time;
  };

  static double ticks(const Sample& sample, const Sample& origin) noexcept {
    return static_cast<double>(sample.counter - origin.counter);
  }
  static double seconds(const Sample& sample, const Sample& origin) noexcept {
    return std::chrono::duration<double>(sample.time - origin.time).count();
  }

  std::array<Sample, kSamples> samples_{};
  std::size_t count_ = 0;
};

}  // namespace pollux::clock
