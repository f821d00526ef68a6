// Decides which clock is served, how far it may be wrong, and what the header says; keeps the
// served time continuous. Readings come in, snapshots go out. Pure; owned by the clock thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ptp/clock/calendar.h"
#include "ptp/clock/holdover.h"
#include "ptp/clock/snapshot.h"
#include "ptp/clock/source.h"
#include "ptp/clock/steering.h"
#include "ptp/clock/system_state.h"
#include "ptp/clock/voting.h"

namespace pollux::clock {

enum class ClockState : std::uint8_t {
  kInit,      // nothing followed yet
  kLocked,    // on the best configured source
  kHoldover,  // the hardware clock is lost or distrusted: on by what it said
  kFallback,  // on the system clock, though a hardware clock is configured
  kLocal,     // on a clock that nobody vouches for, by explicit option
  kUnsync,    // no time to believe
};

// What the voters say of a hardware clock.
enum class Opinion : std::uint8_t { kNone, kAgreed, kDisputed };

struct TimekeeperSettings {
  double nominal_hertz = 0;     // of the counter
  std::int8_t precision = -24;  // log2 of seconds
  bool trust_phc = false;       // serve hardware clocks without another clock that agrees
  bool trust_system = false;  // serve the system clock although the kernel calls it unsynchronised
  bool local = false;         // serve an unsynchronised clock at stratum 10 when nothing is left
  std::chrono::nanoseconds holdover_max{1'000'000};  // above it a better source is preferred
  std::optional<std::uint8_t> system_stratum;        // of the system clock, whatever others say
  std::optional<std::uint32_t> system_reference_id;
  std::int64_t receive_compensation = 0;   // units of 2^-32 s, added to T2
  std::int64_t transmit_compensation = 0;  // the same, to T3
};

struct TimekeeperReport {
  ClockState state = ClockState::kInit;
  std::optional<std::size_t> reference;  // index of the source that is followed or was last
  double offset = 0;                     // of the source from the served time, ns
  double frequency = 0;                  // of the clock against the nominal counter, ns/s
  double slew = 0;                       // rate added to remove the offset, ns/s
  double sigma = 0;                      // of the estimated phase, ns
  double frequency_sigma = 0;            // ns/s
  double bound = 0;                      // ns
  double doubt = 0;         // part of the bound that comes from an unconfirmed step, ns
  double holdover_age = 0;  // s; 0 while a source is followed
  std::uint64_t steps = 0;  // of the served time
};

// The header's text for a reference: up to four characters.
[[nodiscard]] constexpr std::uint32_t reference_id(std::string_view text) noexcept {
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    id = id << 8U | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U);
  }
  return id;
}

class Timekeeper {
 public:
  // A snapshot is believed for this long after it was made.
  static constexpr std::chrono::seconds kLifetime{5};
  // A larger phase error is stepped, not slewed.
  static constexpr double kStepThreshold = 1e6;  // ns
  // How long "unsynchronised" is said when the served time stepped while clients relied on it.
  static constexpr double kSettling = 1.0;  // s
  // A time that may be further off is not served as synchronised.
  static constexpr double kLargestBound = 100e6;  // ns
  // Voters are not asked for more than this.
  static constexpr double kVotersReach = 25e6;  // ns
  // The system clock is not followed while hardware clocks may still start.
  static constexpr double kStartPatience = 5.0;  // s

  // `sources` in the order of preference, the system clock last; it has to be there.
  Timekeeper(const TimekeeperSettings& settings, std::span<const SourceSettings> sources);

  void set_leap_table(const std::optional<LeapTable>& table) noexcept {
    calendar_.set_table(table);
  }

  // A reading of hardware clock `source`, with the clock's own error where it tells.
  void add_phc(std::size_t source, const ClockReading& reading,
               std::optional<std::chrono::nanoseconds> error) noexcept;
  void add_system(const SystemSample& sample) noexcept;

  // Who keeps a hardware clock speaks.
  void set_health(std::size_t source, bool healthy) noexcept {
    sources_[source].set_health(healthy);
  }
  void tell_ptp_time(std::optional<std::chrono::seconds> tai_minus_utc,
                     LeapIndicator leap) noexcept {
    ptp_offset_ = tai_minus_utc;
    ptp_leap_ = leap;
  }
  // Who keeps the system clock speaks; nothing: it does not, or no longer.
  void set_upstream(const std::optional<Upstream>& upstream) noexcept { upstream_ = upstream; }
  // Where other clocks see true time, ns from the system clock. At most kMaximumVotes.
  void set_votes(std::span<const Interval> votes) noexcept;

  // The counter or the machine's clocks jumped (a virtual machine moved): everything starts anew.
  void disrupt() noexcept;

  // The state to publish at `now`, which is at or after every reading and rises.
  [[nodiscard]] Snapshot publish(Counter now) noexcept;

  [[nodiscard]] const TimekeeperReport& report() const noexcept { return report_; }
  [[nodiscard]] std::span<const Source> sources() const noexcept { return sources_; }
  [[nodiscard]] Source& source(std::size_t index) noexcept { return sources_[index]; }
  [[nodiscard]] Opinion opinion(std::size_t source) const noexcept { return opinions_[source]; }
  [[nodiscard]] const Calendar& calendar() const noexcept { return calendar_; }
  [[nodiscard]] const std::optional<SystemSample>& system() const noexcept { return system_; }
  [[nodiscard]] const std::optional<Upstream>& upstream() const noexcept { return upstream_; }
  // What the served time shows at `now`, ns after the clock of `source`.
  [[nodiscard]] double served_behind(std::size_t source, Counter now) const noexcept;

 private:
  // Steps of hardware clocks that nobody confirmed, ns: their sum, and how far that may be off,
  // because the line from which they were told was not exact either.
  struct Doubt {
    double sum = 0;
    double spread = 0;

    [[nodiscard]] double size() const noexcept;
    [[nodiscard]] Doubt limited_to(double largest) const noexcept;
  };
  // What a publish has decided on.
  struct Choice {
    ClockState state = ClockState::kUnsync;
    std::optional<std::size_t> source;  // followed; in holdover the one that was
    std::optional<Estimate> target;     // nothing: the served time runs on
    double bound = 0;                   // ns, without what is left to slew
    double growth = 0;                  // ns/s
    Doubt doubt{};                      // counted in the bound
  };

  [[nodiscard]] Choice choose(Counter now) noexcept;
  [[nodiscard]] std::optional<Choice> choose_phc(Counter now) noexcept;
  [[nodiscard]] std::optional<Choice> choose_holdover(Counter now) const noexcept;
  [[nodiscard]] std::optional<Choice> choose_system(Counter now) const noexcept;
  [[nodiscard]] std::optional<Choice> choose_local(Counter now) const noexcept;
  [[nodiscard]] Choice choose_unsynchronised(Counter now) const noexcept;
  [[nodiscard]] std::optional<Estimate> best_guess(Counter now) const noexcept;
  [[nodiscard]] bool waits_for_phc(Counter now) const noexcept;

  [[nodiscard]] std::optional<Interval> voters(const Estimate& own,
                                               std::optional<std::size_t> candidate,
                                               Counter now) const noexcept;
  [[nodiscard]] bool disputes_line(const Estimate& estimate, double bound,
                                   Counter now) const noexcept;
  std::optional<double> judge(std::size_t candidate, Counter now) noexcept;
  [[nodiscard]] Doubt doubt_of(std::size_t candidate, Counter now) const noexcept;
  [[nodiscard]] bool is_restarting(std::size_t candidate, Counter now) const noexcept;
  [[nodiscard]] bool system_is_good() const noexcept;
  // By a program that says so, and that would serve the time itself.
  // Of the program that keeps the system clock right, where it does; else nullptr.
  [[nodiscard]] const Upstream* kept() const noexcept {
    return upstream_ && upstream_->is_synchronised() ? &*upstream_ : nullptr;
  }
  [[nodiscard]] bool follows(std::size_t source) const noexcept;

  void keep_line(const Choice& choice, Counter now) noexcept;
  void advance_calendar(Choice& choice, Counter now) noexcept;
  void steer(Choice& choice, Counter now) noexcept;
  [[nodiscard]] HeaderFields header(const Choice& choice, double dispersion) const noexcept;
  [[nodiscard]] HeaderFields system_header(double dispersion) const noexcept;
  [[nodiscard]] Snapshot snapshot(const Choice& choice, Counter now) noexcept;
  [[nodiscard]] std::size_t system_index() const noexcept { return sources_.size() - 1; }
  [[nodiscard]] double seconds(std::int64_t ticks) const noexcept {
    return static_cast<double>(ticks) / settings_.nominal_hertz;
  }

  TimekeeperSettings settings_;
  std::vector<Source> sources_;
  std::vector<Opinion> opinions_;
  std::vector<bool> confirmed_;  // by voters, since its last disruption
  Calendar calendar_;
  Steering steering_;

  std::optional<SystemSample> system_;
  std::optional<Upstream> upstream_;
  std::optional<std::chrono::seconds> ptp_offset_;
  LeapIndicator ptp_leap_ = LeapIndicator::kNone;
  std::array<Interval, kMaximumVotes> votes_{};
  std::size_t vote_count_ = 0;

  std::optional<Holdover> line_;     // of the hardware clock that was followed last
  Doubt doubt_;                      // of the clock that is followed
  bool contradicts_itself_ = false;  // a hardware clock jumped, and nobody says which time is right
  std::optional<Counter> started_;
  std::optional<Counter> settles_;
  bool serving_ = false;
  TimekeeperReport report_;
  std::uint64_t updates_ = 0;
};

}  // namespace pollux::clock
