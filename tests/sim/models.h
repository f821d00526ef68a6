// Models of the parts of a host that the clock depends on: the oscillator behind the counter, and
// how a clock is read. Deterministic by their seeds. Nanoseconds and seconds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace pollux::sim {

// How the counter runs against true time.
struct OscillatorModel {
  double offset = 0;  // s/s, constant
  double white = 0;   // white noise of the frequency: ns in a second
  double walk = 0;    // random walk of the frequency: s/s in a second
  double swing = 0;   // of the temperature: s/s
  double period = 1;  // of the temperature: s
};

// ADEV 3e-10 at 1 s, 20 ppb in half an hour; and 1e-9, 200 ppb in ten minutes.
inline constexpr OscillatorModel kGoodOscillator{
    .offset = 7.3e-6, .white = 0.3, .walk = 3e-11, .swing = 20e-9, .period = 1800};
inline constexpr OscillatorModel kBadOscillator{
    .offset = 7.3e-6, .white = 1.0, .walk = 2e-10, .swing = 200e-9, .period = 600};

class Oscillator {
 public:
  Oscillator(const OscillatorModel& model, std::uint64_t seed) : model_{model}, random_{seed} {}

  void advance(double seconds) {
    walk_ += model_.walk * std::sqrt(seconds) * normal_(random_);
    phase_ += frequency() * seconds * 1e9 + model_.white * std::sqrt(seconds) * normal_(random_);
    time_ += seconds;
  }

  // By which true time gains on what the counter's nominal rate says, s/s.
  [[nodiscard]] double frequency() const {
    return model_.offset + walk_ +
           model_.swing * std::sin(2 * std::numbers::pi * time_ / model_.period);
  }
  // The same summed up, ns.
  [[nodiscard]] double phase() const { return phase_; }

 private:
  OscillatorModel model_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_{0, 1};
  double walk_ = 0;
  double phase_ = 0;
  double time_ = 0;
};

// A read takes a window of time; the clock is looked at somewhere in it.
struct ReaderModel {
  double narrowest = 0;            // window, ns
  double tail = 0;                 // mean of an exponential addition to it
  double jitter = 0;               // of the instant within the window
  double quantum = 0;              // of the clock's reading
  int tries = 1;                   // the narrowest is taken
  double busy = 0;                 // probability that a read fails
  double noise_floor = 8;          // that the filter is told
  double interval = 0.125;         // s
  double warm_up_interval = 0.02;  // s
};

inline constexpr ReaderModel kCrossTimestamp{
    .tail = 1, .jitter = 8, .quantum = 8, .noise_floor = 8};
inline constexpr ReaderModel kMemoryMapped{
    .narrowest = 1100, .tail = 120, .jitter = 40, .quantum = 8, .tries = 5, .noise_floor = 40};
inline constexpr ReaderModel kEna{.narrowest = 8000,
                                  .tail = 2000,
                                  .jitter = 250,
                                  .quantum = 1,
                                  .noise_floor = 250,
                                  .warm_up_interval = 0.05};

// What a read gives: the window, and how far the reading is from true time at its middle.
struct ReadNoise {
  double window = 0;
  double error = 0;
};

class Reader {
 public:
  Reader(const ReaderModel& model, std::uint64_t seed) : model_{model}, random_{seed} {}

  [[nodiscard]] bool is_busy() { return uniform_(random_) < model_.busy; }

  [[nodiscard]] ReadNoise read() {
    ReadNoise best = read_once();
    for (int i = 1; i < model_.tries; ++i) {
      const ReadNoise next = read_once();
      if (next.window < best.window) best = next;
    }
    return best;
  }

  [[nodiscard]] const ReaderModel& model() const { return model_; }

 private:
  // The addition comes before the clock is looked at or after it; one in a hundred is an outlier.
  ReadNoise read_once() {
    double addition = model_.tail * exponential_(random_);
    const bool before = uniform_(random_) < 0.5;
    if (uniform_(random_) < 0.01) addition += 20 * model_.tail * exponential_(random_);
    const double window = model_.narrowest + addition;
    const double instant =
        model_.narrowest / 2 + model_.jitter * normal_(random_) + (before ? addition : 0);
    return {.window = window,
            .error = instant - window / 2 + model_.quantum * (uniform_(random_) - 0.5)};
  }

  ReaderModel model_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> exponential_{1};
  std::uniform_real_distribution<double> uniform_{0, 1};
  std::normal_distribution<double> normal_{0, 1};
};

}  // namespace pollux::sim
