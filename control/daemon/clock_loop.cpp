#include "control/daemon/clock_loop.h"

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <utility>
#include <vector>

#include "control/service/log.h"
#include "ptp/phc/system_clock.h"

namespace pollux::control {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kCalibration{200};
constexpr milliseconds kWarmUpInterval{10};
constexpr milliseconds kShortestPause{2};
constexpr std::uint32_t kLocalName = clock::reference_id("LOCL");
// Times that rate may be off from what the kernel's raw clock says.
constexpr double kLargestDrift = 500e-6;
// An oscillator may have changed by that much since the rate was kept, ns/s.
constexpr double kDriftDoubt = 100;
constexpr std::uint64_t kSamplesToKeepDrift = 480;  // a minute

// True where CLOCK_MONOTONIC_RAW has to stand in for the CPU's counter. For the whole process.
bool choose_counter(CounterChoice choice, const phc::CounterFacts& facts) {
  const bool raw = choice == CounterChoice::kMonotonicRaw ||
                   (choice == CounterChoice::kAuto && !facts.fault().empty());
  phc::choose_counter_source(raw ? phc::CounterSource::kMonotonicRaw : phc::CounterSource::kTsc);
  return raw;
}

std::int64_t to_units(std::int32_t length_ns) {
  return clock::to_ntp_duration(nanoseconds{length_ns}).units;
}

std::optional<std::uint32_t> system_reference_id(const ClockConfig& config) {
  if (config.reference_id) return config.reference_id;
  return config.stratum == 1 ? std::optional{kLocalName} : std::nullopt;
}

clock::TimekeeperSettings keeper_settings(const ClockConfig& config, double hertz) {
  return {.nominal_hertz = hertz,
          .precision = phc::measure_precision(hertz),
          .trust_phc = config.trust_phc,
          .trust_system = config.trust,
          .local = config.local,
          .holdover_max = std::chrono::microseconds{config.holdover_max_us},
          .system_stratum = config.stratum,
          .system_reference_id = system_reference_id(config),
          .receive_compensation = -to_units(config.rx_comp_ns),
          .transmit_compensation = to_units(config.tx_comp_ns)};
}

std::deque<PhcReader> make_readers(const ClockConfig& config, double hertz, phc::PhcKernel& kernel,
                                   const phc::LookupRoots& roots) {
  std::deque<PhcReader> readers;
  for (const std::string& written : config.phc) {
    readers.emplace_back(
        PhcReader::Settings{
            .written = written, .index = readers.size(), .counter_hertz = hertz, .roots = roots},
        config, kernel);
  }
  return readers;
}

std::vector<clock::SourceSettings> all_sources(const std::deque<PhcReader>& readers, double hertz) {
  std::vector<clock::SourceSettings> sources;
  sources.reserve(readers.size() + 1);
  for (const PhcReader& reader : readers) sources.push_back(reader.source_settings());
  sources.push_back(clock::system_source(hertz));
  return sources;
}

// Not the one that was followed before it was lost, or before nothing was left to believe.
bool is_followed(const clock::TimekeeperReport& keeper, std::size_t source) {
  using enum clock::ClockState;
  return keeper.reference == source && (keeper.state == kLocked || keeper.state == kFallback);
}

phc::VmClock open_vmclock() {
  auto opened = phc::VmClock::open();
  if (!opened) log_warning("{}: a move of this virtual machine is noticed late", opened.error());
  return opened ? std::move(*opened) : phc::VmClock{};
}

}  // namespace

ClockLoop::ClockLoop(const ClockConfig& config, const std::string& run_dir,
                     clock::SnapshotLatch& latch, ClockSeams seams)
    : config_{config},
      counter_facts_{phc::read_counter_facts()},
      counts_raw_{choose_counter(config.counter, counter_facts_)},
      nominal_hertz_{phc::measure_counter_hertz(kCalibration)},
      kernel_{std::move(seams.kernel)},
      readers_{make_readers(config_, nominal_hertz_, *kernel_, seams.roots)},
      keeper_{keeper_settings(config, nominal_hertz_), all_sources(readers_, nominal_hertz_)},
      peers_{config, run_dir},
      vmclock_{open_vmclock()},
      latch_{latch} {}

bool ClockLoop::is_starting() const {
  const auto now = phc::read_counter();
  // Only a good system clock can tell which timescale a clock shows.
  const auto& system = keeper_.system();
  const bool can_tell = config_.trust || (system && system->kernel.synchronised);
  return std::ranges::any_of(keeper_.sources(), [&](const clock::Source& source) {
    const auto state = source.state(now);
    return state == clock::SourceState::kStarting ||
           (can_tell && state == clock::SourceState::kUnscaled);
  });
}

void ClockLoop::start() {
  const Time end = std::chrono::steady_clock::now() + kStartTime;
  Time next = step(std::chrono::steady_clock::now());
  while (is_starting() && next < end) {
    std::this_thread::sleep_until(next);
    next = step(next);
  }
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void ClockLoop::set_leap_table(const std::optional<clock::LeapTable>& table) {
  const std::scoped_lock lock{mutex_};
  new_table_ = table;
}

bool ClockLoop::expect(const Drift& drift) {
  const double ratio = nominal_hertz_ / drift.hertz - 1;
  if (std::abs(ratio) > kLargestDrift) return false;
  const clock::KnownFrequency known{.frequency = ratio * 1e9,
                                    .sigma = std::hypot(drift.sigma_ppb, kDriftDoubt)};
  for (std::size_t i = 0; i < keeper_.sources().size(); ++i) keeper_.source(i).expect(known);
  return true;
}

void ClockLoop::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "pollux-clock");
  std::mutex sleeping;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    // After a pause of the machine the missed rounds are left out, not made up for.
    const Time next = step(std::chrono::steady_clock::now());
    std::unique_lock lock{sleeping};
    wake.wait_until(lock, stop, next, [] { return false; });
  }
}

void ClockLoop::watch_for_disruption() {
  const auto marker = vmclock_.disruption_marker();
  if (!marker) return;
  if (disruption_marker_ && *disruption_marker_ != *marker) keeper_.disrupt();
  disruption_marker_ = marker;
}

void ClockLoop::read_system(Time now) {
  if (now < next_system_) return;
  keeper_.add_system(phc::sample_system_clock());
  const bool tracking = keeper_.sources().back().filter().is_tracking();
  next_system_ = now + (tracking ? kInterval : kWarmUpInterval);
}

ClockLoop::Time ClockLoop::step(Time now) {
  {
    const std::scoped_lock lock{mutex_};
    if (new_table_) keeper_.set_leap_table(*new_table_);
    new_table_.reset();
  }
  watch_for_disruption();
  read_system(now);
  peers_.poll(now, keeper_);
  for (PhcReader& reader : readers_) {
    // Only the first hardware clock is the one that ptp4l keeps.
    const bool kept = reader.settings().index == 0;
    reader.poll(now, keeper_, kept ? peers_.phc_error() : std::nullopt);
  }
  const auto snapshot = keeper_.publish(phc::read_counter());
  latch_.publish(snapshot);
  make_report(now, snapshot);

  Time next = next_system_;
  for (const PhcReader& reader : readers_) next = std::min(next, reader.next());
  return std::max(next, std::chrono::steady_clock::now() + kShortestPause);
}

// Worth keeping once a source has been followed for a while.
std::optional<Drift> ClockLoop::drift() const {
  const auto& keeper = keeper_.report();
  const bool followed =
      keeper.state == clock::ClockState::kLocked || keeper.state == clock::ClockState::kFallback;
  if (!followed || !keeper.reference ||
      keeper_.sources()[*keeper.reference].samples() < kSamplesToKeepDrift)
    return std::nullopt;
  return Drift{.hertz = nominal_hertz_ / (1 + keeper.frequency * 1e-9),
               .sigma_ppb = keeper.frequency_sigma};
}

SourceReport ClockLoop::describe(std::size_t index, clock::Counter now) const {
  const clock::Source& source = keeper_.sources()[index];
  const auto& keeper = keeper_.report();
  SourceReport report{.name = "system",
                      .kind = source.settings().kind,
                      .state = source.state(now),
                      .opinion = keeper_.opinion(index),
                      .timescale = source.timescale(),
                      .followed = is_followed(keeper, index),
                      .error = source.error(),
                      .window = source.filter().narrowest_window(),
                      .innovation_rms = source.filter().innovation_rms(),
                      .interval = source.filter().interval(),
                      .samples = source.samples(),
                      .disruptions = source.disruptions()};
  if (source.filter().is_tracking()) {
    const auto estimate = source.at(now);
    report.offset = keeper_.served_behind(index, now);
    report.bound = source.bound(now);
    report.sigma = estimate.phase_sigma;
    report.frequency = estimate.frequency;
  }
  if (index >= readers_.size()) return report;
  const PhcReader& reader = readers_[index];
  report.name = reader.settings().written;
  report.failures = reader.failures();
  report.trouble = reader.trouble();
  if (const auto& device = reader.device()) {
    report.device = device->identity().device;
    report.clock_name = device->identity().clock_name;
    report.method = name(device->method());
    if (device->is_ena()) report.ena = device->identity();
  }
  return report;
}

void ClockLoop::make_report(Time now, const clock::Snapshot& snapshot) {
  const clock::Counter counter = snapshot.map.base;
  const auto& calendar = keeper_.calendar();
  const auto& system = keeper_.system();
  const auto near = clock::UtcTime{std::chrono::system_clock::now().time_since_epoch()};
  ClockReport report{.snapshot = snapshot,
                     .header = clock::unpack(snapshot.header),
                     .keeper = keeper_.report(),
                     .kernel = system ? system->kernel : clock::KernelClockState{},
                     .upstream = keeper_.upstream(),
                     .reference_time = snapshot.reference_time == clock::NtpTime{}
                                           ? clock::UtcTime{}
                                           : clock::to_utc(snapshot.reference_time, near),
                     .pending_leap = calendar.pending(),
                     .has_leap_table = calendar.has_table(),
                     .drift = drift(),
                     .nominal_hertz = nominal_hertz_,
                     .trusted = config_.trust,
                     .counter_fault = counter_facts_.fault(),
                     .counts_raw = counts_raw_};
  const auto served = clock::to_utc(snapshot.map.base_time, near).time_since_epoch();
  report.leap_table_expired =
      calendar.table_is_expired(clock::TaiTime{served + calendar.tai_minus_utc()});
  for (std::size_t i = 0; i < keeper_.sources().size(); ++i)
    report.sources.push_back(describe(i, counter));
  const double reach = std::max(clock::Timekeeper::kVotersReach, report.keeper.bound);
  peers_.describe(now, report.sources.back().offset, reach, report);
  const std::scoped_lock lock{mutex_};
  report_ = std::move(report);
}

ClockReport ClockLoop::report() const {
  const std::scoped_lock lock{mutex_};
  const auto now = phc::read_counter();  // not before the report was made
  ClockReport report = report_;
  report.age_seconds = static_cast<double>(now - report.snapshot.map.base) / nominal_hertz_;
  report.alive = report.snapshot.updates != 0 && now - report.snapshot.void_after <= 0;
  // The workers say so by themselves once the snapshot has run out.
  if (!report.alive) report.header = clock::unsynchronised_header(report.header.precision);
  return report;
}

}  // namespace pollux::control
