// The best estimate of one clock from its readings: several Kalman filters, each for another
// stability of the counter's oscillator, of which the likeliest speaks. Starts with a least-squares
// line, and starts again when readings contradict it. Pure; owned by the clock thread.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ptp/clock/phase_filter.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

struct FilterSettings {
  double nominal_hertz = 0;  // of the counter; the clock's rate is told against it
  double noise_floor = 8;    // ns: standard deviation of the best readings
  double slack = 50;        // ns by which a reading may be off beyond its window and the prediction
  double wander_scale = 1;  // 1 for hardware clocks; more for one that software steers
  double gate = 25;         // a reading further off than this many variances counts for less
};

// A reading in the common scale.
struct ClockSample {
  Counter counter;
  std::int64_t window_ticks = 0;
  TaiTime time{};
};

// A clock at some instant.
struct Estimate {
  TaiTime time{};
  double fraction = 0;         // ns, to be added to `time`
  double frequency = 0;        // ns by which the clock gains in a nominal second of the counter
  double phase_sigma = 0;      // ns
  double frequency_sigma = 0;  // ns/s
};

// A frequency known beforehand, as from an earlier run.
struct KnownFrequency {
  double frequency = 0;  // ns/s against the nominal counter
  double sigma = 0;      // ns/s
};

enum class SampleFate : std::uint8_t {
  kGathered,   // one more for the start
  kTaken,      // the filters follow it
  kOutlier,    // contradicts the prediction, left out
  kDisrupted,  // one contradiction too many: starting again
};

class FilterBank {
 public:
  static constexpr std::size_t kWarmUp = 16;
  static constexpr int kOutliersToDisrupt = 4;
  static constexpr double kLargestFrequency = 500'000;  // ns/s

  explicit FilterBank(const FilterSettings& settings) noexcept;

  // Another way of reading the clock was found; starts again.
  void reconfigure(const FilterSettings& settings) noexcept;

  // Used by the next start, unless the readings contradict it.
  void expect(const KnownFrequency& frequency) noexcept { known_ = frequency; }

  // Forgets everything but what was expected, as after a disruption that somebody else noticed.
  void restart() noexcept;

  // The common scale was wrong by that much.
  void shift(std::chrono::seconds by) noexcept {
    anchor_time_ += by;
    for (ClockSample& sample : gathered_) sample.time += by;
  }

  // Counters rise from sample to sample; one that does not is an outlier, as a reading is that
  // contradicts the others.
  SampleFate add(const ClockSample& sample) noexcept;

  [[nodiscard]] bool is_tracking() const noexcept { return tracking_; }

  // While tracking, and of what was tracked last before a restart until the next start.
  [[nodiscard]] Estimate at(Counter counter) const noexcept;

  [[nodiscard]] Counter last_sample() const noexcept { return anchor_counter_; }
  // Of the newest sample against the prediction, ns.
  [[nodiscard]] double innovation() const noexcept { return innovation_; }
  // The same over the last minute or so, root of the mean square.
  [[nodiscard]] double innovation_rms() const noexcept { return std::sqrt(mean_square_); }
  // Between the two newest samples, s.
  [[nodiscard]] double interval() const noexcept { return interval_; }
  // The narrowest of the latest windows, ns.
  [[nodiscard]] double narrowest_window() const noexcept { return narrowest_; }
  // Which filter speaks: 0 for the steadiest oscillator.
  [[nodiscard]] std::size_t selected() const noexcept { return selected_; }

 private:
  static constexpr std::size_t kFilters = 4;
  static constexpr std::size_t kWindows = 64;

  SampleFate gather(const ClockSample& sample) noexcept;
  [[nodiscard]] std::optional<PhaseState> fit_line() const noexcept;
  [[nodiscard]] bool fits(const PhaseState& line) const noexcept;
  void start(const PhaseState& line) noexcept;
  void move_anchor(Counter counter) noexcept;
  void note_window(double window) noexcept;
  void weigh(double seconds, double residual_of_selected, double variance) noexcept;
  void follow(double reading, double variance) noexcept;
  SampleFate refuse() noexcept;
  [[nodiscard]] double variance_of(double window) const noexcept;
  [[nodiscard]] double seconds(std::int64_t ticks) const noexcept {
    return static_cast<double>(ticks) / settings_.nominal_hertz;
  }
  // Phase of a sample against the anchor's line, ns.
  [[nodiscard]] double phase_of(const ClockSample& sample) const noexcept;

  FilterSettings settings_;
  std::array<PhaseFilter, kFilters> filters_;
  std::array<double, kFilters> likelihood_{};
  std::size_t selected_ = 1;
  bool tracking_ = false;
  int outliers_ = 0;
  double innovation_ = 0;
  double mean_square_ = 0;
  double interval_ = 0;
  std::optional<KnownFrequency> known_;

  // The nominal line goes through this point; phases are told against it, so that no absolute time
  // is ever a double.
  Counter anchor_counter_;
  TaiTime anchor_time_{};

  std::array<double, kWindows> windows_{};
  std::size_t window_count_ = 0;
  double narrowest_ = 0;

  std::array<ClockSample, kWarmUp> gathered_{};
  std::size_t gathered_count_ = 0;
};

}  // namespace pollux::clock
