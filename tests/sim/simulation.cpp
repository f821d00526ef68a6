#include "tests/sim/simulation.h"

#include <cmath>

namespace pollux::sim {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double kSystemInterval = 0.125;
constexpr double kLongestSilence = 0.25;  // between two publishes
constexpr std::uint64_t kCounterStart = std::uint64_t{1} << 50;

std::vector<clock::SourceSettings> sources_of(const SimulationSettings& settings) {
  std::vector<clock::SourceSettings> sources;
  for (const ReaderModel& model : settings.phcs) {
    sources.push_back(
        {.kind = clock::SourceKind::kPhc,
         .filter = {.nominal_hertz = Simulation::kNominalHertz, .noise_floor = model.noise_floor},
         .timescale = settings.timescale,
         .error = settings.source_error,
         .reference_id = clock::reference_id("PHC0")});
  }
  sources.push_back(clock::system_source(Simulation::kNominalHertz));
  return sources;
}

nanoseconds rounded(double length) { return nanoseconds{std::llround(length)}; }

}  // namespace

Simulation::Simulation(const SimulationSettings& settings)
    : settings_{settings}, oscillator_{settings.oscillator, settings.seed} {
  for (std::size_t i = 0; i < settings.phcs.size(); ++i)
    phcs_.emplace_back(settings.phcs[i], settings.seed * 1000 + i);
  settings_.timekeeper.nominal_hertz = kNominalHertz;
  keeper_ = std::make_unique<clock::Timekeeper>(settings_.timekeeper, sources_of(settings));
  system_.kernel = {.synchronised = settings.system_synchronised,
                    .tai_minus_utc = settings.tai_minus_utc,
                    .maximum_error = std::chrono::milliseconds{5}};
}

clock::Counter Simulation::counter() const {
  const double elapsed = time_ - oscillator_.phase() * 1e-9;
  return clock::Counter{kCounterStart} + std::llround(elapsed * kNominalHertz);
}

clock::TaiTime Simulation::tai() const {
  return clock::TaiTime{settings_.start.time_since_epoch() + settings_.tai_minus_utc +
                        rounded(time_ * 1e9)};
}

seconds Simulation::offset_at(clock::TaiTime time) const {
  const bool leapt = settings_.leap && time >= settings_.leap->at;
  return settings_.tai_minus_utc + (leapt ? settings_.leap->change : seconds{0});
}

clock::NtpTime Simulation::true_ntp() const {
  return clock::to_ntp(clock::to_utc(tai(), offset_at(tai())));
}

clock::ServedTime Simulation::served() const { return served_.at(counter(), counter()); }

void Simulation::advance(double length) {
  oscillator_.advance(length);
  time_ += length;
}

void Simulation::pause(double length) {
  advance(length);
  last_served_.reset();
}

double Simulation::interval_of(std::size_t source) const {
  const ReaderModel& model = phcs_[source].reader.model();
  const bool warm = keeper_->sources()[source].filter().is_tracking();
  return warm ? model.interval : model.warm_up_interval;
}

void Simulation::read_phc(std::size_t index) {
  SimulatedPhc& phc = phcs_[index];
  if (phc.gone || phc.reader.is_busy()) return;
  const ReadNoise noise = phc.reader.read();
  const double shown = phc.frozen.value_or(time_) * 1e9 + noise.error + phc.error;
  // A frozen clock shows the scale of the instant at which it froze.
  const auto instant = tai() + rounded(shown - time_ * 1e9);
  const auto scale = phc.shows_tai ? seconds{0} : offset_at(phc.frozen ? instant : tai());
  const auto time = clock::to_utc(instant, scale).time_since_epoch();
  const clock::ClockReading reading{
      .counter = counter(),
      .window_ticks = std::llround(noise.window * 1e-9 * kNominalHertz),
      .time = time};
  if (look_at_reading_) look_at_reading_(reading);
  keeper_->add_phc(index, reading, std::nullopt);
}

// Votes are told against the system clock.
void Simulation::tell_votes() {
  std::vector<clock::Interval> votes;
  for (const Voter& voter : voters_) {
    const double ahead = voter.error - system_.error;
    votes.push_back({.low = ahead - voter.half_width, .high = ahead + voter.half_width});
  }
  keeper_->set_votes(votes);
}

void Simulation::read_system() {
  if (settings_.leap && !system_.has_leapt && tai() >= settings_.leap->at) {
    system_.has_leapt = true;
    system_.kernel.leap = clock::LeapIndicator::kNone;
    system_.kernel.tai_minus_utc += settings_.leap->change;
  }
  tell_votes();
  const nanoseconds error = rounded(system_.error);
  keeper_->add_system(
      {.counter = counter(),
       .window_ticks = std::llround(100e-9 * kNominalHertz),
       .time = clock::TaiTime{clock::to_utc(tai(), offset_at(tai())).time_since_epoch() +
                              system_.kernel.tai_minus_utc + error},
       .kernel = system_.kernel});
}

bool Simulation::read_sources() {
  bool read = false;
  if (time_ >= system_.next_read) {
    read = true;
    read_system();
    const bool warm = keeper_->sources().back().filter().is_tracking();
    system_.next_read = time_ + (warm ? kSystemInterval : 0.02);
  }
  for (std::size_t i = 0; i < phcs_.size(); ++i) {
    if (time_ < phcs_[i].next_read) continue;
    read = true;
    read_phc(i);
    phcs_[i].next_read = time_ + interval_of(i);
  }
  return read;
}

Check Simulation::check() {
  served_.refresh();
  const auto at = counter();
  const auto time = served_.at(at, at);
  const auto header = clock::unpack(time.header);
  const double age = static_cast<double>(at - newest_.map.base) / kNominalHertz;
  // True time in whole nanoseconds and the rest, which NTP units would round away.
  const double fraction = time_ * 1e9 - static_cast<double>(rounded(time_ * 1e9).count());
  Check result{.time = time_,
               .error = clock::to_fractional_nanoseconds(time.transmit - true_ntp()) - fraction,
               .bound = static_cast<double>(newest_.error_bound_ns) +
                        static_cast<double>(newest_.drift_ppb) * age,
               .sigma = keeper_->report().sigma,
               .synchronised = header.leap != clock::LeapIndicator::kUnsynchronised,
               .leap = header.leap,
               .state = keeper_->report().state};
  result.went_back =
      result.synchronised && last_served_ && (time.transmit - *last_served_).units < 0;
  last_served_.reset();
  if (result.synchronised) last_served_ = time.transmit;
  return result;
}

void Simulation::run(double length, const std::function<void(const Check&)>& look) {
  const double end = time_ + length;
  while (time_ < end - settings_.grid / 2) {
    if (read_sources() || time_ >= next_publish_) {
      // A moment passes between a reading and what is made of it.
      newest_ = keeper_->publish(counter() + std::llround(2e-6 * kNominalHertz));
      latch_.publish(newest_);
      next_publish_ = time_ + kLongestSilence;
    }
    advance(settings_.grid);
    const Check seen = check();
    if (look) look(seen);
  }
}

}  // namespace pollux::sim
