#include "ptp/clock/system_discipline.h"

#include <cmath>

namespace pollux::clock {

namespace {

constexpr NtpDuration kOneSecond{std::int64_t{1} << 32};

// What the served scale gains at the leap: an inserted second repeats one, a deleted second skips
// one.
constexpr std::int64_t leap_seconds(LeapIndicator leap) noexcept {
  if (leap == LeapIndicator::kInsert) return -1;
  if (leap == LeapIndicator::kDelete) return 1;
  return 0;
}

// The kernel leaps at the end of the UTC day: after 23:59:59 for an insertion, instead of it for a
// deletion.
constexpr NtpTime leap_instant(LeapIndicator leap, UtcTime now) noexcept {
  const auto midnight = std::chrono::ceil<std::chrono::days>(now.time_since_epoch());
  const std::chrono::seconds early{leap == LeapIndicator::kDelete ? 1 : 0};
  return to_ntp(UtcTime{midnight - early});
}

}  // namespace

// A leap that the kernel announced stays ours until the kernel withdraws it. If the kernel has
// leapt by then, which its TAI offset tells, the map moves to the new scale; the workers have
// switched at the instant itself.
void SystemDiscipline::follow_leap(const KernelClockState& kernel, UtcTime now) noexcept {
  const std::chrono::seconds change{leap_seconds(pending_leap_)};
  const bool offset_moved = updates_ != 0 && kernel.tai_minus_utc != tai_minus_utc_;
  if (change.count() != 0 && kernel.tai_minus_utc - tai_minus_utc_ == -change) {
    steering_.shift(NtpDuration{change.count() * kOneSecond.units});
  }
  // TAI itself jumps when somebody tells the kernel an offset that it did not know.
  if (offset_moved) rate_.clear();
  tai_minus_utc_ = kernel.tai_minus_utc;
  if (kernel.leap == pending_leap_) return;
  pending_leap_ = kernel.leap;
  leap_at_ = leap_seconds(kernel.leap) == 0 ? NtpTime{} : leap_instant(kernel.leap, now);
}

// Slews towards the sample, or steps where slewing would mean to go on serving a wrong time.
void SystemDiscipline::follow_phase(const SystemSample& sample, Counter now,
                                    NtpTime target) noexcept {
  const auto error = to_nanoseconds(target - steering_.map().at(now));
  const bool first = updates_ == 0;
  if (first || std::chrono::abs(error) > kStepThreshold) {
    steps_ += first ? 0 : 1;
    settling_ = first ? 0 : kSettlingSamples;
    rate_.clear();
    rate_.add(sample.counter, sample.time);
    steering_.step(now, target, hertz_);
    return;
  }
  settling_ = settling_ > 0 ? settling_ - 1 : 0;
  rate_.add(sample.counter, sample.time);
  hertz_ = rate_.hertz().value_or(hertz_);
  steering_.steer(now, target, hertz_, believed_);
}

std::chrono::nanoseconds SystemDiscipline::error_bound(const SystemSample& sample) const noexcept {
  const double seconds = static_cast<double>(sample.window_ticks) / 2 / hertz_ +
                         kDrift * static_cast<double>(kLifetime.count());
  const std::chrono::nanoseconds own{std::llround(seconds * 1e9)};
  // With `trusted` the kernel's own figure means nothing: it grows without end when nobody sets it.
  const auto source =
      sample.kernel.synchronised ? sample.kernel.maximum_error : std::chrono::nanoseconds{0};
  return source + own + std::chrono::abs(offset());
}

PackedHeader SystemDiscipline::header(LeapIndicator leap,
                                      std::chrono::nanoseconds bound) const noexcept {
  if (!believed_) return pack(unsynchronised_header(settings_.precision));
  return pack({.leap = leap,
               .stratum = settings_.stratum,
               .precision = settings_.precision,
               .root_delay = 0,
               .root_dispersion = to_ntp_short(bound),
               .reference_id = settings_.reference_id});
}

Snapshot SystemDiscipline::update(const SystemSample& sample, Counter now) noexcept {
  const double age_ns = static_cast<double>(now - sample.counter) / hertz_ * 1e9;
  const UtcTime utc = to_utc(sample.time, sample.kernel.tai_minus_utc) +
                      std::chrono::nanoseconds{std::llround(age_ns)};
  follow_leap(sample.kernel, utc);
  follow_phase(sample, now, to_ntp(utc));
  believed_ = settling_ == 0 && (sample.kernel.synchronised || settings_.trusted);
  ++updates_;

  const auto bound = error_bound(sample);
  const auto lifetime = static_cast<std::int64_t>(hertz_ * static_cast<double>(kLifetime.count()));
  return {.map = steering_.map(),
          .void_after = now + lifetime,
          .leap_at = leap_at_,
          .header = header(pending_leap_, bound),
          // In served time, so that it is never after a transmit stamp (RFC 5905 appendix A.5.1.1).
          .reference_time = steering_.map().at(sample.counter),
          .leap_seconds = leap_seconds(pending_leap_),
          .first_after_leap = header(LeapIndicator::kNone, bound).first,
          .error_bound_ns = bound.count(),
          .sigma_ns = 0,
          .drift_ppb = static_cast<std::int64_t>(kDrift * 1e9),
          .tai_minus_utc = sample.kernel.tai_minus_utc.count(),
          .receive_compensation = 0,
          .transmit_compensation = 0,
          .updates = updates_};
}

}  // namespace pollux::clock
