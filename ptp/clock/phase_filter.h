// A Kalman filter with two states: the phase of a clock against a straight line, and its frequency.
// Both wander at random; readings tell the phase. Nanoseconds and seconds. Pure; owned by a bank.
#pragma once

#include <cmath>

namespace pollux::clock {

// Phase and frequency with their covariance.
struct PhaseState {
  double phase = 0;               // ns
  double frequency = 0;           // ns/s
  double phase_variance = 0;      // ns^2
  double covariance = 0;          // ns^2/s
  double frequency_variance = 0;  // (ns/s)^2
};

class PhaseFilter {
 public:
  // White noise of the frequency: ns^2 for each second.
  static constexpr double kPhaseWander = 1.0;

  // `frequency_wander`: random walk of the frequency, (ns/s)^2 for each second.
  explicit constexpr PhaseFilter(double frequency_wander) noexcept : wander_{frequency_wander} {}

  void start(const PhaseState& state) noexcept { state_ = state; }

  // The state `seconds` later, or earlier, as far as it can be known.
  [[nodiscard]] PhaseState at(double seconds) const noexcept {
    const double length = std::abs(seconds);
    PhaseState next = state_;
    next.phase += next.frequency * seconds;
    next.phase_variance += 2 * seconds * next.covariance +
                           seconds * seconds * next.frequency_variance + kPhaseWander * length +
                           wander_ * length * length * length / 3;
    next.covariance += seconds * next.frequency_variance + wander_ * seconds * length / 2;
    next.frequency_variance += wander_ * length;
    return next;
  }

  // Moves the filter by `seconds`, and its phase by `shift` ns besides.
  void advance(double seconds, double shift) noexcept {
    state_ = at(seconds);
    state_.phase += shift;
  }

  // Takes a reading that is `innovation` ns ahead of the phase, with that variance.
  void update(double innovation, double variance) noexcept {
    const double total = state_.phase_variance + variance;
    const double frequency_gain = state_.covariance / total;
    // What is left of the phase's doubt, written as a product: after a gap of days the difference
    // 1 - gain would be lost in rounding, and the variance could become negative.
    const double left = variance / total;
    state_.phase += state_.phase_variance / total * innovation;
    state_.frequency += frequency_gain * innovation;
    state_.frequency_variance -= frequency_gain * state_.covariance;
    state_.covariance *= left;
    state_.phase_variance *= left;
  }

  [[nodiscard]] const PhaseState& state() const noexcept { return state_; }

 private:
  double wander_;
  PhaseState state_;
};

}  // namespace pollux::clock
