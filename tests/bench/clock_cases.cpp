#include "tests/bench/clock_cases.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "tests/bench/servos.h"
#include "tests/sim/simulation.h"
#include "tests/sim/statistics.h"

namespace pollux::bench {

namespace {

constexpr double kLength = 3600;  // s
constexpr double kWarm = 120;     // s

Score score(std::vector<double> errors, double grid) {
  const auto steps = [grid](double length) {
    return static_cast<std::size_t>(std::llround(length / grid));
  };
  Score result{.mtie_1s = sim::mtie(errors, steps(1)),
               .mtie_100s = sim::mtie(errors, steps(100)),
               .tdev_1s = sim::tdev(errors, steps(1)),
               .tdev_10s = sim::tdev(errors, steps(10))};
  const sim::Statistics all = sim::summarise(std::move(errors));
  result.rms = all.rms;
  result.p999 = all.p999;
  result.largest = all.largest;
  return result;
}

// The other servos, fed with the readings that the timekeeper gets.
class Rivals {
 public:
  Rivals(sim::Simulation& simulation, const sim::ReaderModel& reader,
         std::chrono::nanoseconds start)
      : start_{start},
        origin_{simulation.counter()},
        pi_scaled_{linuxptp_gains(reader.interval)},
        pi_fixed_{PiGains{}},
        regression_16_{16, reader.noise_floor},
        regression_64_{64, reader.noise_floor} {
    simulation.watch_readings([this](const clock::ClockReading& reading) { take(reading); });
  }

  void note_errors(clock::Counter counter, double true_time) {
    const double now = seconds(counter - origin_);
    const double truth = (true_time - now) * 1e9;
    errors_[0].push_back(pi_scaled_.at(now) - truth);
    errors_[1].push_back(pi_fixed_.at(now) - truth);
    errors_[2].push_back(regression_16_.at(now) - truth);
    errors_[3].push_back(regression_64_.at(now) - truth);
  }

  [[nodiscard]] std::vector<Score> scores(double grid) {
    std::vector<Score> result;
    for (auto& errors : errors_) result.push_back(score(std::move(errors), grid));
    return result;
  }

 private:
  static double seconds(std::int64_t ticks) {
    return static_cast<double>(ticks) / sim::Simulation::kNominalHertz;
  }

  void take(const clock::ClockReading& reading) {
    const double time = seconds(reading.counter - origin_);
    const auto shown = static_cast<double>((reading.time - start_).count());
    const PhaseReading phase{
        .time = time, .phase = shown - time * 1e9, .window = seconds(reading.window_ticks) * 1e9};
    pi_scaled_.add(phase);
    pi_fixed_.add(phase);
    regression_16_.add(phase);
    regression_64_.add(phase);
  }

  std::chrono::nanoseconds start_;
  clock::Counter origin_;
  PiServo pi_scaled_;
  PiServo pi_fixed_;
  Regression regression_16_;
  Regression regression_64_;
  std::array<std::vector<double>, kRivals.size()> errors_;
};

}  // namespace

ClockRun run_clock_case(const ClockCase& clock_case, std::uint64_t seed, bool with_rivals) {
  const sim::SimulationSettings settings{
      .oscillator = clock_case.oscillator, .phcs = {clock_case.reader}, .seed = seed};
  sim::Simulation simulation{settings};
  std::optional<Rivals> rivals;
  if (with_rivals) rivals.emplace(simulation, clock_case.reader, settings.start.time_since_epoch());

  ClockRun run{.lock = INFINITY};
  std::vector<double> errors;
  simulation.run(kLength, [&](const sim::Check& check) {
    if (check.synchronised) run.lock = std::min(run.lock, check.time);
    if (check.time < run.lock) return;
    run.unsynchronised += check.synchronised ? 0U : 1U;
    run.violations += std::abs(check.error) > check.bound ? 1U : 0U;
    run.backward += check.went_back ? 1U : 0U;
    if (check.time < kWarm) return;
    errors.push_back(check.error);
    run.sigma += check.sigma;
    run.bound += check.bound;
    if (rivals) rivals->note_errors(simulation.counter(), check.time);
  });
  run.samples = errors.size();
  run.sigma /= static_cast<double>(run.samples);
  run.bound /= static_cast<double>(run.samples);
  run.served = score(std::move(errors), settings.grid);
  if (rivals) run.rivals = rivals->scores(settings.grid);
  return run;
}

}  // namespace pollux::bench
