#include "ptp/clock/filter_bank.h"

#include <algorithm>
#include <cmath>

namespace pollux::clock {

namespace {

constexpr double kNanoseconds = 1e9;  // in a second

// Random walk of the frequency that each filter expects, (ns/s)^2/s: from a temperature-compensated
// oscillator to a bad one in a draught.
constexpr std::array<double, 4> kWander{0.02, 0.2, 2.0, 20.0};

// How long the bank remembers which filter was right, s.
constexpr double kMemory = 60.0;
// By how much (log likelihood) another filter has to be better to take over.
constexpr double kAdvantage = 1.0;
// Samples over which the mean square of the innovations is taken.
constexpr double kMeanOver = 512;
// Standard deviations of the prediction within which a reading is believed.
constexpr double kBelievedSigmas = 5.0;

constexpr double nanoseconds(std::chrono::nanoseconds length) noexcept {
  return static_cast<double>(length.count());
}

constexpr std::array<PhaseFilter, 4> filters_for(double scale) noexcept {
  return {PhaseFilter{kWander[0] * scale}, PhaseFilter{kWander[1] * scale},
          PhaseFilter{kWander[2] * scale}, PhaseFilter{kWander[3] * scale}};
}

}  // namespace

FilterBank::FilterBank(const FilterSettings& settings) noexcept
    : settings_{settings}, filters_{filters_for(settings.wander_scale)} {}

void FilterBank::reconfigure(const FilterSettings& settings) noexcept {
  settings_ = settings;
  filters_ = filters_for(settings.wander_scale);
  restart();
}

void FilterBank::restart() noexcept {
  tracking_ = false;
  outliers_ = 0;
  gathered_count_ = 0;
  window_count_ = 0;
}

SampleFate FilterBank::add(const ClockSample& sample) noexcept {
  if (!tracking_) return gather(sample);
  const std::int64_t ticks = sample.counter - anchor_counter_;
  if (ticks <= 0) return refuse();

  const PhaseState predicted = filters_[selected_].at(seconds(ticks));
  const double window = seconds(sample.window_ticks) * kNanoseconds;
  const double residual = phase_of(sample) - predicted.phase;
  innovation_ = residual;
  const double believed =
      window / 2 + kBelievedSigmas * std::sqrt(predicted.phase_variance) + settings_.slack;
  if (std::abs(residual) > believed) return refuse();

  outliers_ = 0;
  interval_ = seconds(ticks);
  mean_square_ += (residual * residual - mean_square_) / kMeanOver;
  note_window(window);
  const double variance = variance_of(window);
  weigh(seconds(ticks), phase_of(sample), variance);
  move_anchor(sample.counter);
  follow(nanoseconds(sample.time - anchor_time_), variance);
  return SampleFate::kTaken;
}

SampleFate FilterBank::refuse() noexcept {
  if (++outliers_ < kOutliersToDisrupt) return SampleFate::kOutlier;
  restart();
  return SampleFate::kDisrupted;
}

SampleFate FilterBank::gather(const ClockSample& sample) noexcept {
  if (gathered_count_ != 0 && sample.counter - gathered_[gathered_count_ - 1].counter <= 0)
    return refuse();
  gathered_[gathered_count_++] = sample;
  note_window(seconds(sample.window_ticks) * kNanoseconds);
  if (gathered_count_ < kWarmUp) return SampleFate::kGathered;
  auto line = fit_line();
  if (!line && known_) {
    known_.reset();
    line = fit_line();
  }
  gathered_count_ = 0;
  outliers_ = 0;
  if (!line) return SampleFate::kDisrupted;
  start(*line);
  return SampleFate::kTaken;
}

// Weighted least squares over what was gathered, about the newest of it.
std::optional<PhaseState> FilterBank::fit_line() const noexcept {
  const ClockSample& origin = gathered_.back();
  double weight_sum = 0;
  double x_sum = 0;
  double xx_sum = 0;
  double y_sum = 0;
  double xy_sum = 0;
  if (known_) {
    const double weight = 1 / (known_->sigma * known_->sigma);
    xx_sum = weight;
    xy_sum = weight * known_->frequency;
  }
  for (const ClockSample& sample : gathered_) {
    const double x = seconds(sample.counter - origin.counter);
    const double y = nanoseconds(sample.time - origin.time) - x * kNanoseconds;
    const double weight = 1 / variance_of(seconds(sample.window_ticks) * kNanoseconds);
    weight_sum += weight;
    x_sum += weight * x;
    xx_sum += weight * x * x;
    y_sum += weight * y;
    xy_sum += weight * x * y;
  }
  const double determinant = weight_sum * xx_sum - x_sum * x_sum;
  if (!(determinant > 0)) return std::nullopt;
  const PhaseState line{.phase = (y_sum * xx_sum - xy_sum * x_sum) / determinant,
                        .frequency = (weight_sum * xy_sum - x_sum * y_sum) / determinant,
                        .phase_variance = xx_sum / determinant,
                        .covariance = -x_sum / determinant,
                        .frequency_variance = weight_sum / determinant};
  return fits(line) ? std::optional{line} : std::nullopt;
}

// A step among the readings, or a clock that stands still, makes no believable line.
bool FilterBank::fits(const PhaseState& line) const noexcept {
  if (std::abs(line.frequency) > kLargestFrequency) return false;
  const ClockSample& origin = gathered_.back();
  return std::ranges::all_of(gathered_, [&](const ClockSample& sample) {
    const double x = seconds(sample.counter - origin.counter);
    const double y = nanoseconds(sample.time - origin.time) - x * kNanoseconds;
    const double window = seconds(sample.window_ticks) * kNanoseconds;
    return std::abs(y - line.phase - line.frequency * x) <=
           window / 2 + kBelievedSigmas * settings_.noise_floor + settings_.slack;
  });
}

void FilterBank::start(const PhaseState& line) noexcept {
  anchor_counter_ = gathered_.back().counter;
  anchor_time_ = gathered_.back().time;
  for (PhaseFilter& filter : filters_) filter.start(line);
  likelihood_.fill(0);
  mean_square_ = line.phase_variance;
  selected_ = 1;
  outliers_ = 0;
  tracking_ = true;
  known_.reset();
}

void FilterBank::move_anchor(Counter counter) noexcept {
  const double length = seconds(counter - anchor_counter_);
  const double advance = length * kNanoseconds;
  const double whole = std::round(advance);
  for (PhaseFilter& filter : filters_) filter.advance(length, advance - whole);
  anchor_counter_ = counter;
  anchor_time_ += std::chrono::nanoseconds{static_cast<std::int64_t>(whole)};
}

void FilterBank::note_window(double window) noexcept {
  windows_[window_count_++ % kWindows] = window;
  narrowest_ =
      *std::min_element(windows_.begin(), windows_.begin() + std::min(window_count_, kWindows));
}

// Every filter is judged by what it expected of the reading.
void FilterBank::weigh(double length, double phase, double variance) noexcept {
  const double memory = std::exp(-length / kMemory);
  for (std::size_t i = 0; i < kFilters; ++i) {
    const PhaseState expected = filters_[i].at(length);
    const double total = expected.phase_variance + variance;
    const double residual = phase - expected.phase;
    likelihood_[i] = likelihood_[i] * memory -
                     (std::log(total) + std::min(residual * residual / total, settings_.gate)) / 2;
  }
  const auto best = std::ranges::max_element(likelihood_);
  if (*best > likelihood_[selected_] + kAdvantage)
    selected_ = static_cast<std::size_t>(best - likelihood_.begin());
}

void FilterBank::follow(double reading, double variance) noexcept {
  for (PhaseFilter& filter : filters_) {
    const double residual = reading - filter.state().phase;
    const double ratio = residual * residual / (filter.state().phase_variance + variance);
    filter.update(residual, ratio > settings_.gate ? variance * ratio / settings_.gate : variance);
  }
}

// The middle of a wide window may be off by what it is wider than the narrowest.
double FilterBank::variance_of(double window) const noexcept {
  const double doubt = std::max(window - narrowest_, 0.0) / 2;
  return settings_.noise_floor * settings_.noise_floor + doubt * doubt;
}

double FilterBank::phase_of(const ClockSample& sample) const noexcept {
  return nanoseconds(sample.time - anchor_time_) -
         seconds(sample.counter - anchor_counter_) * kNanoseconds;
}

Estimate FilterBank::at(Counter counter) const noexcept {
  const double length = seconds(counter - anchor_counter_);
  const PhaseState state = filters_[selected_].at(length);
  const double total = length * kNanoseconds + state.phase;
  const double whole = std::floor(total);
  return {.time = anchor_time_ + std::chrono::nanoseconds{static_cast<std::int64_t>(whole)},
          .fraction = total - whole,
          .frequency = state.frequency,
          .phase_sigma = std::sqrt(state.phase_variance),
          .frequency_sigma = std::sqrt(state.frequency_variance)};
}

}  // namespace pollux::clock
