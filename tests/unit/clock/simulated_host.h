// A host for clock tests: true time, a CPU counter of any rate, a kernel clock that can be stepped,
// leap or lose its synchronisation, and a SystemDiscipline that samples it and serves a worker.
// Deterministic.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

#include "ptp/clock/served_clock.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/system_discipline.h"
#include "tests/support/octets.h"

namespace pollux::clock {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

struct HostSettings {
  double nominal_hertz = 2.5e9;
  double counter_error = 0;  // of the true rate, relative: 30e-6
  std::uint64_t counter_start = 0;
  nanoseconds start_utc{seconds{1'780'000'000}};  // Unix time at elapsed() == 0
  seconds tai_minus_utc{37};
  nanoseconds window{100};  // shortest read of the kernel clock
  nanoseconds noise{0};     // reads are up to this much longer; the instant lies anywhere in them
  nanoseconds publish_delay{2'000};  // from the read to the snapshot
  SystemSettings discipline{};
};

class SimulatedHost {
 public:
  explicit SimulatedHost(const HostSettings& settings, std::uint64_t seed = 1)
      : settings_{settings},
        random_{seed},
        discipline_{with_nominal(settings)},
        served_{latch_},
        tai_offset_{settings.tai_minus_utc} {
    kernel.synchronised = true;
    kernel.tai_minus_utc = settings.tai_minus_utc;
  }

  KernelClockState kernel;  // what the kernel says

  [[nodiscard]] nanoseconds elapsed() const { return elapsed_; }
  void advance(nanoseconds by) { elapsed_ += by; }
  void advance_to(nanoseconds instant) { elapsed_ = instant; }

  // Moves the kernel's clock, as settimeofday does.
  void step_kernel(nanoseconds by) { kernel_step_ += by; }

  // CLOCK_TAI and UTC without noise; what the server should serve. UTC says 23:59:60 as 23:59:59
  // again.
  [[nodiscard]] nanoseconds tai() const { return tai_at(elapsed_); }
  [[nodiscard]] nanoseconds utc() const { return tai() - kernel.tai_minus_utc; }

  // Someone tells the kernel another TAI offset: CLOCK_TAI jumps, CLOCK_REALTIME does not.
  void tell_tai_offset(seconds offset) {
    kernel_step_ += offset - kernel.tai_minus_utc;
    kernel.tai_minus_utc = offset;
  }

  // The kernel leaps: CLOCK_REALTIME jumps, CLOCK_TAI does not.
  void leap_kernel(LeapIndicator leap) {
    kernel.tai_minus_utc += seconds{leap == LeapIndicator::kInsert ? 1 : -1};
    kernel.leap = LeapIndicator::kNone;
  }

  [[nodiscard]] Counter counter() const { return counter_at(elapsed_); }

  // One sample of the clock thread: reads, disciplines, publishes. Time passes meanwhile.
  const Snapshot& sample() {
    const nanoseconds window = settings_.window + random_length(settings_.noise);
    const nanoseconds instant = elapsed_ + random_length(window);
    const Counter before = counter();
    const Counter after = counter_at(elapsed_ + window);
    SystemSample sample{.counter = before + (after - before) / 2,
                        .window_ticks = after - before,
                        .time = TaiTime{tai_at(instant)},
                        .kernel = kernel};
    advance(window + settings_.publish_delay);
    snapshot_ = discipline_.update(sample, counter());
    latch_.publish(snapshot_);
    return snapshot_;
  }

  // Samples at 8 Hz for `length`.
  void run(nanoseconds length) {
    const nanoseconds end = elapsed_ + length;
    while (elapsed_ < end) {
      const nanoseconds next = elapsed_ + milliseconds{125};
      sample();
      advance_to(next);
    }
  }

  // What a worker would say now.
  [[nodiscard]] ServedTime serve() {
    served_.refresh();
    return served_.at(counter(), counter());
  }
  [[nodiscard]] HeaderFields served_header() { return unpack(serve().header); }
  [[nodiscard]] bool believed() { return served_header().leap != LeapIndicator::kUnsynchronised; }

  // Served time minus the kernel's.
  [[nodiscard]] nanoseconds error() {
    return to_nanoseconds(serve().transmit - to_ntp(UtcTime{utc()}));
  }

  [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }
  [[nodiscard]] SystemDiscipline& discipline() { return discipline_; }
  [[nodiscard]] double true_hertz() const {
    return settings_.nominal_hertz * (1 + settings_.counter_error);
  }
  [[nodiscard]] test::Random& random() { return random_; }

 private:
  static SystemSettings with_nominal(const HostSettings& settings) {
    SystemSettings result = settings.discipline;
    result.nominal_hertz = settings.nominal_hertz;
    return result;
  }

  [[nodiscard]] Counter counter_at(nanoseconds instant) const {
    const long double ticks =
        static_cast<long double>(instant.count()) * static_cast<long double>(true_hertz()) / 1e9L;
    return Counter{settings_.counter_start} + static_cast<std::int64_t>(ticks);
  }
  [[nodiscard]] nanoseconds tai_at(nanoseconds instant) const {
    return settings_.start_utc + tai_offset_ + instant + kernel_step_;
  }
  nanoseconds random_length(nanoseconds below) {
    return below.count() == 0 ? nanoseconds{0}
                              : nanoseconds{random_.below(static_cast<std::size_t>(below.count()))};
  }

  HostSettings settings_;
  test::Random random_;
  SystemDiscipline discipline_;
  SnapshotLatch latch_;
  ServedClock served_;
  Snapshot snapshot_;
  seconds tai_offset_;
  nanoseconds elapsed_{0};
  nanoseconds kernel_step_{0};
};

// Settings of a host whose counter is 30 ppm off, with stratum, reference and reads of 0.1 to 1.1
// us.
[[nodiscard]] inline HostSettings usual_host() {
  return {.counter_error = 30e-6,
          .counter_start = 0x0123'4567'89ab,
          .noise = nanoseconds{1'000},
          .discipline = {.precision = -24, .stratum = 2, .reference_id = 0x7f7f'0101}};
}

}  // namespace pollux::clock
