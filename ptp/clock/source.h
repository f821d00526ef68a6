// One clock that time could be served from: its readings in the common scale, the filters behind
// them, what is known of its quality, and whether it can be relied on. Pure; owned by the
// timekeeper.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ptp/clock/calendar.h"
#include "ptp/clock/filter_bank.h"
#include "ptp/clock/reading.h"

namespace pollux::clock {

enum class SourceKind : std::uint8_t { kPhc, kSystem };

enum class Timescale : std::uint8_t { kUtc, kTai, kAuto };

// What a clock shows that reads `shown`, from the Unix epoch, when it is `utc`. Nothing where it is
// more than a second from both.
[[nodiscard]] std::optional<Timescale> recognise_timescale(
    std::chrono::nanoseconds shown, UtcTime utc, std::chrono::seconds tai_minus_utc) noexcept;

struct SourceSettings {
  SourceKind kind = SourceKind::kPhc;
  FilterSettings filter;
  Timescale timescale = Timescale::kUtc;
  std::chrono::nanoseconds error{0};  // of the clock itself, where it does not tell
  double wander = 1e-6;               // by which the counter may leave its estimated rate, s/s
  std::uint32_t reference_id = 0;
};

// The kernel's clock, which software steers, so that its rate changes at will: a reading that is
// far off is followed, as the next ones will be further off still. Its own error comes with each
// reading.
[[nodiscard]] constexpr SourceSettings system_source(double nominal_hertz) noexcept {
  return {.kind = SourceKind::kSystem,
          .filter = {.nominal_hertz = nominal_hertz,
                     .noise_floor = 30,
                     .slack = 1e6,
                     .wander_scale = 1e3,
                     .gate = 1e12},
          .timescale = Timescale::kUtc,
          .error = {},
          .wander = 15e-6,
          .reference_id = 0};
}

enum class SourceState : std::uint8_t {
  kAbsent,     // no reading for a while
  kStarting,   // gathering readings
  kUnscaled,   // it is not known which timescale it shows
  kTracking,   //
  kDisrupted,  // its readings contradicted each other; gathering again
  kUntrusted,  // disrupted too often, or called unhealthy by who keeps it
};

class Source {
 public:
  // Without a reading for this long a source is absent.
  static constexpr std::chrono::seconds kPatience{2};

  explicit Source(const SourceSettings& settings) noexcept
      : settings_{settings}, filter_{settings.filter}, timescale_{settings.timescale} {}

  // Takes a reading. `error`: the clock's own at this moment, where it tells. `system`: UTC at the
  // reading by a synchronised clock, needed where the timescale has to be recognised.
  void add(const ClockReading& reading, std::optional<std::chrono::nanoseconds> error,
           std::optional<UtcTime> system, const Calendar& calendar) noexcept;

  // The clock was found, or found again to be read in another way.
  void reconfigure(const SourceSettings& settings) noexcept;

  // Who keeps the clock says that it is not to be relied on, or that it is again.
  void set_health(bool healthy) noexcept { healthy_ = healthy; }
  // A frequency from an earlier run, for the first start.
  void expect(const KnownFrequency& frequency) noexcept { filter_.expect(frequency); }
  // The counter or the clock jumped: nothing gathered so far holds.
  void restart() noexcept;
  // The offset of UTC was wrong by that much; a clock that shows UTC moves in the common scale.
  void correct(std::chrono::seconds offset) noexcept;

  [[nodiscard]] SourceState state(Counter now) const noexcept;
  [[nodiscard]] bool is_usable(Counter now) const noexcept {
    return state(now) == SourceState::kTracking;
  }
  [[nodiscard]] Estimate at(Counter counter) const noexcept { return filter_.at(counter); }

  // How far the estimate may be from the truth, ns: error of the clock, of reading it, of the
  // filters, and what may have happened since the last reading.
  [[nodiscard]] double bound(Counter now) const noexcept;
  // How fast that grows without readings, ns/s.
  [[nodiscard]] double bound_growth() const noexcept;

  [[nodiscard]] const SourceSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] const FilterBank& filter() const noexcept { return filter_; }
  [[nodiscard]] Timescale timescale() const noexcept { return timescale_; }
  [[nodiscard]] double error() const noexcept { return error_; }
  [[nodiscard]] std::uint64_t samples() const noexcept { return samples_; }
  [[nodiscard]] std::uint64_t disruptions() const noexcept { return disruptions_; }
  [[nodiscard]] double seconds_since_reading(Counter now) const noexcept {
    return seconds(now - last_reading_);
  }

 private:
  // More restarts than this within a minute, and a source is not trusted.
  static constexpr std::size_t kRestartsAMinute = 2;

  void note_disruption(Counter now) noexcept;
  [[nodiscard]] bool is_restless(Counter now) const noexcept;
  [[nodiscard]] double seconds(std::int64_t ticks) const noexcept {
    return static_cast<double>(ticks) / settings_.filter.nominal_hertz;
  }

  SourceSettings settings_;
  FilterBank filter_;
  Timescale timescale_;
  double error_ = static_cast<double>(settings_.error.count());  // ns
  Counter last_reading_;
  std::uint64_t readings_ = 0;
  std::uint64_t samples_ = 0;
  std::uint64_t disruptions_ = 0;
  std::array<Counter, kRestartsAMinute + 1> disrupted_at_{};
  bool healthy_ = true;
};

}  // namespace pollux::clock
