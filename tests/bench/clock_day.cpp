// A simulated day in the life of the clock, as CSV for scripts/plot-clock: from 12:00 UTC to 12:00,
// with a hardware clock that fails in several ways, and a leap second at midnight. Records:
//
//   minute,TIME,ERROR,BOUND,FREQUENCY   s from the start; ns, the largest of the minute while
//                                       synchronised (empty: it was not); ppb of the counter
//   state,TIME,NAME                     from then on
//   event,BEGIN,END,TEXT                what was done to the hardware clock
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "tests/sim/simulation.h"

namespace {

using namespace std::chrono_literals;
using pollux::clock::ClockState;
using pollux::clock::LeapIndicator;
using pollux::clock::TaiTime;
using pollux::clock::UtcTime;
using pollux::sim::Check;
using pollux::sim::Simulation;

constexpr double kHour = 3600;
constexpr double kMinute = 60;
constexpr UtcTime kNoon{1'790'078'400s};
constexpr auto kTaiMinusUtc = 37s;

// A heating that goes on and off every three hours.
constexpr pollux::sim::OscillatorModel kHeatedRoom{
    .offset = 7.3e-6, .white = 0.3, .walk = 3e-11, .swing = 100e-9, .period = 3 * kHour};

const char* name_of(ClockState state) {
  switch (state) {
    case ClockState::kInit:
      return "init";
    case ClockState::kLocked:
      return "locked";
    case ClockState::kHoldover:
      return "holdover";
    case ClockState::kFallback:
      return "fallback";
    case ClockState::kLocal:
      return "local";
    case ClockState::kUnsync:
      return "unsync";
  }
  return "";
}

// Sums up checks and prints them.
class Day {
 public:
  Day() {
    // The kernel's clock is kept by servers that are far away, and told of the leap second.
    simulation_.system().error = 200e3;
    simulation_.system().kernel.maximum_error = 8ms;
    simulation_.system().kernel.leap = LeapIndicator::kInsert;
  }

  void run_until(double time) {
    simulation_.run(time - simulation_.now(), [this](const Check& check) { look(check); });
  }

  static void tell(double begin, double end, const char* text) {
    std::printf("event,%.0f,%.0f,%s\n", begin, end, text);
  }

  void lose_phc(double begin, double end, const char* text) {
    tell(begin, end, text);
    run_until(begin);
    simulation_.phc().gone = true;
    run_until(end);
    simulation_.phc().gone = false;
  }

  void step_phc(double begin, double end, double step, const char* text) {
    tell(begin, end, text);
    run_until(begin);
    simulation_.phc().error = step;
    run_until(end);
    simulation_.phc().error = 0;
  }

  void leap(double time, const char* text) {
    tell(time, time, text);
    run_until(time);
    simulation_.system().kernel.tai_minus_utc += 1s;
    simulation_.system().kernel.leap = LeapIndicator::kNone;
  }

 private:
  void look(const Check& check) {
    if (!state_ || *state_ != check.state) {
      state_ = check.state;
      std::printf("state,%.2f,%s\n", check.time, name_of(check.state));
    }
    if (check.synchronised) {
      error_ = std::max(error_.value_or(0), std::abs(check.error));
      bound_ = std::max(bound_, check.bound);
    }
    if (check.time < minute_ + kMinute) return;
    print_minute();
    minute_ += kMinute;
    error_.reset();
    bound_ = 0;
  }

  void print_minute() {
    const double frequency = simulation_.keeper().report().frequency;
    if (error_) {
      std::printf("minute,%.0f,%.1f,%.1f,%.2f\n", minute_, *error_, bound_, frequency);
    } else {
      std::printf("minute,%.0f,,,%.2f\n", minute_, frequency);
    }
  }

  Simulation simulation_{
      {.oscillator = kHeatedRoom,
       .phcs = {pollux::sim::kMemoryMapped},
       .seed = 3,
       .start = kNoon,
       .tai_minus_utc = kTaiMinusUtc,
       .leap = pollux::clock::Leap{.at = TaiTime{kNoon.time_since_epoch() + 12h + kTaiMinusUtc},
                                   .change = 1s},
       .system_synchronised = true,
       .grid = 0.02,
       .timekeeper = {}}};
  std::optional<ClockState> state_;
  double minute_ = 0;
  std::optional<double> error_;
  double bound_ = 0;
};

}  // namespace

int main() {
  Day day;
  day.lose_phc(3 * kHour, 4 * kHour, "PHC lost");
  day.step_phc(6.5 * kHour, 7.5 * kHour, 1e6, "PHC 1 ms off");
  day.leap(12 * kHour, "leap second");
  day.lose_phc(16 * kHour, 19.5 * kHour, "PHC lost");
  day.run_until(24 * kHour);
}
