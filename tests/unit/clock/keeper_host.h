// A host for timekeeper tests: true time, a CPU counter of any rate, a kernel clock that can be
// stepped, leap or lose its synchronisation, hardware clocks that can be wrong, and a Timekeeper
// that reads them and serves a worker. Deterministic.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "ptp/clock/served_clock.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/timekeeper.h"
#include "tests/support/octets.h"

namespace pollux::clock {

using std::chrono::abs;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

struct HostPhc {
  bool is_present = true;
  nanoseconds error{0};
  Timescale timescale = Timescale::kUtc;  // that it shows
  std::optional<nanoseconds> own_error;   // that it tells with each reading
};

struct KeeperHostSettings {
  double nominal_hertz = 2.5e9;
  double counter_error = 30e-6;  // of the true rate, relative
  std::uint64_t counter_start = 0x0123'4567'89ab;
  nanoseconds start_utc{seconds{1'780'000'000}};  // Unix time at elapsed() == 0
  seconds tai_minus_utc{37};
  nanoseconds window{100};    // shortest read of a clock
  nanoseconds noise{1'000};   // reads are up to this much longer; the instant lies anywhere in them
  std::vector<HostPhc> phcs;  // with reference ids PHC0, PHC1, ...
  Timescale timescale = Timescale::kUtc;  // that they are configured with
  TimekeeperSettings keeper{};
};

class KeeperHost {
 public:
  explicit KeeperHost(const KeeperHostSettings& settings = {}, std::uint64_t seed = 1)
      : phcs{settings.phcs},
        settings_{settings},
        random_{seed},
        keeper_{with_nominal(settings), sources_of(settings)} {
    kernel.synchronised = true;
    kernel.tai_minus_utc = settings.tai_minus_utc;
  }

  KernelClockState kernel;  // what the kernel says
  std::vector<HostPhc> phcs;
  bool has_system = true;  // it is read

  [[nodiscard]] nanoseconds elapsed() const { return elapsed_; }
  void advance(nanoseconds by) { elapsed_ += by; }
  void advance_to(nanoseconds instant) { elapsed_ = instant; }

  // Moves the kernel's clock, as settimeofday does.
  void step_kernel(nanoseconds by) { kernel_step_ += by; }

  // The kernel's clock; UTC says 23:59:60 as 23:59:59 again.
  [[nodiscard]] nanoseconds utc() const { return tai_at(elapsed_) - kernel.tai_minus_utc; }

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

  // One round of the clock thread: reads, decides, publishes. Time passes meanwhile.
  const Snapshot& sample() {
    if (has_system) read_system();
    for (std::size_t i = 0; i < phcs.size(); ++i) {
      if (phcs[i].is_present) read_phc(i);
    }
    advance(microseconds{2});
    snapshot_ = keeper_.publish(counter());
    latch_.publish(snapshot_);
    return snapshot_;
  }

  // Samples for `length`, at 8 Hz unless told.
  void run(nanoseconds length, nanoseconds interval = milliseconds{125}) {
    const nanoseconds end = elapsed_ + length;
    while (elapsed_ < end) {
      const nanoseconds next = elapsed_ + interval;
      sample();
      advance_to(next);
    }
  }

  // What a worker would say now.
  [[nodiscard]] ServedTime serve() {
    served_.refresh();
    return served_.at(counter(), counter());
  }
  [[nodiscard]] HeaderFields header() { return unpack(serve().header); }
  [[nodiscard]] bool believed() { return header().leap != LeapIndicator::kUnsynchronised; }

  // Served time minus the kernel's, and minus true UTC where it does not leap.
  [[nodiscard]] nanoseconds error() {
    return to_nanoseconds(serve().transmit - to_ntp(UtcTime{utc()}));
  }
  [[nodiscard]] nanoseconds true_error() {
    return to_nanoseconds(serve().transmit - to_ntp(UtcTime{settings_.start_utc + elapsed_}));
  }

  [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }
  [[nodiscard]] Timekeeper& keeper() { return keeper_; }
  [[nodiscard]] ClockState state() const { return keeper_.report().state; }
  // What the bound has grown to, ns.
  [[nodiscard]] std::int64_t bound() {
    const double age =
        static_cast<double>(counter() - snapshot_.map.base) / settings_.nominal_hertz;
    return snapshot_.error_bound_ns +
           static_cast<std::int64_t>(std::ceil(age * static_cast<double>(snapshot_.drift_ppb)));
  }
  // Of the counter in true time, as the timekeeper has it.
  [[nodiscard]] double hertz() const {
    return settings_.nominal_hertz / (1 + keeper_.report().frequency * 1e-9);
  }
  [[nodiscard]] double true_hertz() const {
    return settings_.nominal_hertz * (1 + settings_.counter_error);
  }
  [[nodiscard]] test::Random& random() { return random_; }

 private:
  static TimekeeperSettings with_nominal(const KeeperHostSettings& settings) {
    TimekeeperSettings result = settings.keeper;
    result.nominal_hertz = settings.nominal_hertz;
    return result;
  }
  static std::vector<SourceSettings> sources_of(const KeeperHostSettings& settings) {
    std::vector<SourceSettings> sources;
    for (std::size_t i = 0; i < settings.phcs.size(); ++i) {
      const char name[] = {'P', 'H', 'C', static_cast<char>('0' + i)};
      sources.push_back({.kind = SourceKind::kPhc,
                         .filter = {.nominal_hertz = settings.nominal_hertz, .noise_floor = 30},
                         .timescale = settings.timescale,
                         .reference_id = reference_id({name, sizeof name})});
    }
    sources.push_back(system_source(settings.nominal_hertz));
    return sources;
  }

  // A read takes time; the clock is looked at somewhere in it.
  struct Read {
    Counter middle;
    std::int64_t window = 0;
    nanoseconds instant{0};
  };
  Read read() {
    const nanoseconds window = settings_.window + random_length(settings_.noise);
    const Counter before = counter();
    const Counter after = counter_at(elapsed_ + window);
    const Read result{.middle = before + (after - before) / 2,
                      .window = after - before,
                      .instant = elapsed_ + random_length(window)};
    advance(window);
    return result;
  }
  void read_system() {
    const Read at = read();
    keeper_.add_system({.counter = at.middle,
                        .window_ticks = at.window,
                        .time = TaiTime{tai_at(at.instant)},
                        .kernel = kernel});
  }
  void read_phc(std::size_t index) {
    const HostPhc& phc = phcs[index];
    const Read at = read();
    const seconds scale = phc.timescale == Timescale::kTai ? settings_.tai_minus_utc : seconds{0};
    keeper_.add_phc(index,
                    {.counter = at.middle,
                     .window_ticks = at.window,
                     .time = settings_.start_utc + at.instant + phc.error + scale},
                    phc.own_error);
  }

  [[nodiscard]] Counter counter_at(nanoseconds instant) const {
    const long double ticks =
        static_cast<long double>(instant.count()) * static_cast<long double>(true_hertz()) / 1e9L;
    return Counter{settings_.counter_start} + static_cast<std::int64_t>(ticks);
  }
  [[nodiscard]] nanoseconds tai_at(nanoseconds instant) const {
    return settings_.start_utc + settings_.tai_minus_utc + instant + kernel_step_;
  }
  nanoseconds random_length(nanoseconds below) {
    return below.count() == 0 ? nanoseconds{0}
                              : nanoseconds{random_.below(static_cast<std::size_t>(below.count()))};
  }

  KeeperHostSettings settings_;
  test::Random random_;
  Timekeeper keeper_;
  SnapshotLatch latch_;
  ServedClock served_{latch_};
  Snapshot snapshot_;
  nanoseconds elapsed_{0};
  nanoseconds kernel_step_{0};
};

}  // namespace pollux::clock
