#include "control/daemon/clock_loop.h"

#include <pthread.h>

#include <condition_variable>

#include "ptp/phc/counter.h"
#include "ptp/phc/system_clock.h"

namespace pollux::control {

namespace {

constexpr std::chrono::milliseconds kCalibration{200};
// The kernel does not tell the stratum of what it follows. Clients that trust us less than any real
// server are the honest outcome of saying nothing.
constexpr std::uint8_t kUnknownStratum = 10;
constexpr std::uint32_t kLocalReference = 0x7f7f'0101;  // 127.127.1.1
constexpr std::uint32_t kLocalName = 0x4c4f'434c;       // "LOCL"

clock::SystemSettings make_settings(const ClockConfig& config) {
  const double hertz = phc::measure_counter_hertz(kCalibration);
  return {.nominal_hertz = hertz,
          .precision = phc::measure_precision(hertz),
          .trusted = config.trust,
          .stratum = served_stratum(config),
          .reference_id = served_reference_id(config)};
}

}  // namespace

std::uint8_t served_stratum(const ClockConfig& config) {
  return config.stratum.value_or(kUnknownStratum);
}

std::uint32_t served_reference_id(const ClockConfig& config) {
  return config.reference_id.value_or(served_stratum(config) == 1 ? kLocalName : kLocalReference);
}

ClockLoop::ClockLoop(const ClockConfig& config, clock::SnapshotLatch& latch)
    : settings_{make_settings(config)},
      discipline_{settings_},
      latch_{latch},
      counter_is_invariant_{phc::counter_is_invariant()} {}

void ClockLoop::start() {
  step();
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void ClockLoop::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "pollux-clock");
  std::mutex sleeping;
  std::condition_variable_any wake;
  auto next = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    step();
    // After a pause of the machine the missed rounds are left out, not made up for.
    next = std::max(next + kInterval, std::chrono::steady_clock::now());
    std::unique_lock lock{sleeping};
    wake.wait_until(lock, stop, next, [] { return false; });
  }
}

void ClockLoop::step() {
  const auto sample = phc::sample_system_clock();
  const auto snapshot = discipline_.update(sample, phc::read_counter());
  latch_.publish(snapshot);

  const std::scoped_lock lock{mutex_};
  report_.snapshot = snapshot;
  report_.header = clock::unpack(snapshot.header);
  report_.kernel = sample.kernel;
  report_.reference_time = clock::to_utc(sample.time, sample.kernel.tai_minus_utc);
  report_.offset = discipline_.offset();
  report_.hertz = discipline_.hertz();
  report_.steps = discipline_.steps();
}

ClockReport ClockLoop::report() const {
  const auto now = phc::read_counter();
  const std::scoped_lock lock{mutex_};
  ClockReport report = report_;
  report.nominal_hertz = settings_.nominal_hertz;
  report.trusted = settings_.trusted;
  report.counter_is_invariant = counter_is_invariant_;
  report.age_seconds =
      static_cast<double>(now - report.snapshot.map.base) / settings_.nominal_hertz;
  report.alive = report.snapshot.updates != 0 && now - report.snapshot.void_after <= 0;
  // The workers say so by themselves once the snapshot has run out.
  if (!report.alive) report.header = clock::unsynchronised_header(settings_.precision);
  return report;
}

}  // namespace pollux::control
