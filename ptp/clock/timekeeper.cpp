#include "ptp/clock/timekeeper.h"

#include <algorithm>
#include <cmath>

namespace pollux::clock {

namespace {

constexpr std::uint8_t kPrimary = 1;  // stratum of a server with a reference clock
constexpr std::uint8_t kLocalStratum = 10;
// The kernel does not tell the stratum of what it follows. Clients that trust us less than any real
// server are the honest outcome of saying nothing.
constexpr std::uint8_t kUnknownStratum = 10;
constexpr std::uint32_t kLocalReference = 0x7f7f'0101;  // 127.127.1.1

constexpr NtpDuration kOneSecond{std::int64_t{1} << 32};

std::chrono::nanoseconds whole(double nanoseconds) noexcept {
  constexpr double kLargest = 9e18;
  return std::chrono::nanoseconds{
      static_cast<std::int64_t>(std::ceil(std::min(nanoseconds, kLargest)))};
}

NtpTime to_ntp(const Estimate& estimate, std::chrono::seconds tai_minus_utc) noexcept {
  const auto fraction = std::llround(std::ldexp(estimate.fraction * 1e-9, 32));
  return to_ntp(to_utc(estimate.time, tai_minus_utc)) + NtpDuration{fraction};
}

constexpr bool is_synchronised(ClockState state) noexcept {
  return state != ClockState::kInit && state != ClockState::kUnsync;
}

// TAI - UTC has been 10 s and more since 1972. Less is what a kernel says that nobody told: 0, and
// the leaps that it has made since.
constexpr bool is_plausible(std::chrono::seconds tai_minus_utc) noexcept {
  return tai_minus_utc >= std::chrono::seconds{10};
}

}  // namespace

Timekeeper::Timekeeper(const TimekeeperSettings& settings, std::span<const SourceSettings> sources)
    : settings_{settings}, opinions_(sources.size()), confirmed_(sources.size()) {
  sources_.reserve(sources.size());
  for (const SourceSettings& source : sources) sources_.emplace_back(source);
}

void Timekeeper::add_phc(std::size_t source, const ClockReading& reading,
                         std::optional<std::chrono::nanoseconds> error) noexcept {
  std::optional<UtcTime> utc;
  const Source& system = sources_[system_index()];
  if (system_is_good() && system.is_usable(reading.counter))
    utc = to_utc(system.at(reading.counter).time, calendar_.tai_minus_utc());
  sources_[source].add(reading, error, utc, calendar_);
}

void Timekeeper::add_system(const SystemSample& sample) noexcept {
  system_ = sample;
  const auto& kernel = sample.kernel;
  if (ptp_offset_ && is_plausible(*ptp_offset_)) {
    calendar_.tell_offset(*ptp_offset_);
  } else if (is_plausible(kernel.tai_minus_utc)) {
    calendar_.tell_offset(kernel.tai_minus_utc);
  }
  calendar_.announce(ptp_leap_ != LeapIndicator::kNone ? ptp_leap_ : kernel.leap);

  std::chrono::nanoseconds error = kernel.maximum_error;
  if (const Upstream* upstream = kept()) {
    error = upstream->root_delay / 2 + upstream->root_dispersion;
  } else if (!kernel.synchronised) {
    error = {};  // grows without end, and means nothing when the clock is trusted all the same
  }
  const auto utc = to_utc(sample.time, kernel.tai_minus_utc).time_since_epoch();
  sources_[system_index()].add(
      {.counter = sample.counter, .window_ticks = sample.window_ticks, .time = utc}, error,
      std::nullopt, calendar_);
}

double Timekeeper::served_behind(std::size_t source, Counter now) const noexcept {
  const NtpTime shown = to_ntp(sources_[source].at(now), calendar_.tai_minus_utc());
  return to_fractional_nanoseconds(shown - steering_.map().at(now));
}

void Timekeeper::set_votes(std::span<const Interval> votes) noexcept {
  vote_count_ = std::min(votes.size(), kMaximumVotes);
  std::copy_n(votes.begin(), vote_count_, votes_.begin());
}

void Timekeeper::disrupt() noexcept {
  for (Source& source : sources_) source.restart();
  confirmed_.assign(confirmed_.size(), false);
  line_.reset();
  doubt_ = {};
}

void Timekeeper::keep_line(const Choice& choice, Counter now) noexcept {
  if (choice.state != ClockState::kLocked || !choice.source || !choice.target) return;
  if (*choice.source == system_index()) return;
  doubt_ = choice.doubt;
  line_ = Holdover{.source = *choice.source,
                   .since = now,
                   .last_sample = sources_[*choice.source].filter().last_sample(),
                   .estimate = *choice.target,
                   .bound = choice.bound - choice.doubt.size(),
                   .growth = choice.growth};
}

void Timekeeper::advance_calendar(Choice& choice, Counter now) noexcept {
  if (!choice.target) return;
  calendar_.advance(choice.target->time);
  const auto leapt = calendar_.leapt();
  if (leapt.count() != 0) steering_.shift(NtpDuration{-leapt.count() * kOneSecond.units});
  const auto corrected = calendar_.corrected();
  if (corrected.count() == 0) return;
  if (line_ && sources_[line_->source].timescale() != Timescale::kTai)
    line_->estimate.time += corrected;
  for (Source& source : sources_) source.correct(corrected);
  choice = choose(now);
}

void Timekeeper::steer(Choice& choice, Counter now) noexcept {
  if (!choice.target) return;
  const NtpTime target = to_ntp(*choice.target, calendar_.tai_minus_utc());
  const double hertz = settings_.nominal_hertz / (1 + choice.target->frequency * 1e-9);
  const double error = to_fractional_nanoseconds(target - steering_.map().at(now));
  const bool has_begun = steering_.map().multiplier != 0;
  const bool too_far = has_begun && std::abs(error) > kStepThreshold;
  if (too_far) ++report_.steps;
  if (serving_ && too_far)
    settles_ = now + static_cast<std::int64_t>(kSettling * settings_.nominal_hertz);
  if (settles_ && now - *settles_ >= 0) settles_.reset();
  // Steps are only made while nobody may rely on the time.
  if (settles_) choice.state = ClockState::kUnsync;
  if (!serving_ || too_far) {
    steering_.step(now, target, hertz);
  } else {
    steering_.steer(now, target, hertz, true);
  }
  serving_ = is_synchronised(choice.state);
}

HeaderFields Timekeeper::system_header(double dispersion) const noexcept {
  HeaderFields fields{.leap = LeapIndicator::kNone,
                      .stratum = kUnknownStratum,
                      .precision = settings_.precision,
                      .reference_id = kLocalReference};
  if (const Upstream* upstream = kept()) {
    fields.stratum = upstream->stratum;
    fields.reference_id = upstream->reference_id;
    fields.root_delay = to_ntp_short(upstream->root_delay);
    dispersion -= static_cast<double>(upstream->root_delay.count()) / 2;
  }
  fields.stratum = settings_.system_stratum.value_or(fields.stratum);
  fields.reference_id = settings_.system_reference_id.value_or(fields.reference_id);
  fields.root_dispersion = to_ntp_short(whole(dispersion));
  return fields;
}

// Without the leap indicator. `dispersion`: ns.
HeaderFields Timekeeper::header(const Choice& choice, double dispersion) const noexcept {
  switch (choice.state) {
    case ClockState::kInit:
      return unsynchronised_header(settings_.precision, reference_id("INIT"));
    case ClockState::kUnsync:
      return unsynchronised_header(settings_.precision);
    case ClockState::kLocal:
      return {.leap = LeapIndicator::kNone,
              .stratum = kLocalStratum,
              .precision = settings_.precision,
              .root_dispersion = to_ntp_short(whole(dispersion)),
              .reference_id = kLocalReference};
    case ClockState::kLocked:
    case ClockState::kHoldover:
    case ClockState::kFallback:
      break;
  }
  if (!choice.source || *choice.source == system_index()) return system_header(dispersion);
  return {.leap = LeapIndicator::kNone,
          .stratum = kPrimary,
          .precision = settings_.precision,
          .root_dispersion = to_ntp_short(whole(dispersion)),
          .reference_id = sources_[*choice.source].settings().reference_id};
}

Snapshot Timekeeper::snapshot(const Choice& choice, Counter now) noexcept {
  const double bound = report_.bound;
  const auto lifetime = static_cast<double>(kLifetime.count());
  HeaderFields fields = header(choice, bound + choice.growth * lifetime);
  const PackedHeader after = pack(fields);
  const auto& pending = calendar_.pending();
  if (pending && is_synchronised(choice.state)) fields.leap = pending->indicator();
  NtpTime leap_at;
  if (pending) leap_at = to_ntp(to_utc(pending->at, calendar_.tai_minus_utc()));

  Counter updated = now;
  if (choice.state == ClockState::kHoldover && line_) {
    updated = line_->last_sample;
  } else if (choice.source) {
    updated = sources_[*choice.source].filter().last_sample();
  }
  return {.map = steering_.map(),
          .void_after = now + static_cast<std::int64_t>(settings_.nominal_hertz * lifetime),
          .leap_at = leap_at,
          .header = pack(fields),
          // In served time, so that it is never after a transmit stamp (RFC 5905 appendix A.5.1.1).
          .reference_time = is_synchronised(choice.state) ? steering_.map().at(updated) : NtpTime{},
          .leap_seconds = pending ? -pending->change.count() : 0,
          .first_after_leap = after.first,
          .error_bound_ns = whole(bound).count(),
          .sigma_ns = whole(report_.sigma).count(),
          .drift_ppb = whole(choice.growth).count(),
          .tai_minus_utc = calendar_.tai_minus_utc().count(),
          .receive_compensation = settings_.receive_compensation,
          .transmit_compensation = settings_.transmit_compensation,
          .updates = updates_};
}

Snapshot Timekeeper::publish(Counter now) noexcept {
  if (!started_) started_ = now;
  Choice choice = choose(now);
  advance_calendar(choice, now);
  keep_line(choice, now);
  steer(choice, now);
  ++updates_;

  const double residual = to_fractional_nanoseconds(steering_.residual());
  report_.state = choice.state;
  if (is_synchronised(choice.state)) report_.reference = choice.source;
  report_.offset = residual;
  report_.slew = steering_.extra_rate() * 1e9;
  report_.bound = choice.bound + std::abs(residual);
  report_.doubt = choice.doubt.size();
  report_.holdover_age =
      choice.state == ClockState::kHoldover && line_ ? line_->age(now, settings_.nominal_hertz) : 0;
  if (choice.target) {
    report_.frequency = choice.target->frequency;
    report_.sigma = choice.target->phase_sigma;
    report_.frequency_sigma = choice.target->frequency_sigma;
  }
  return snapshot(choice, now);
}

}  // namespace pollux::clock
