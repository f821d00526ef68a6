// Asks the chronyd of this host once a second what it knows: its own state, and each NTP source as
// a voter on other clocks. Called by the clock thread; never blocks.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ptp/clock/snapshot.h"
#include "ptp/message/chrony_command.h"
#include "ptp/phc/peer_socket.h"

namespace pollux::phc {

struct ChronydSource {
  message::ChronyAddress address;
  // Source minus system clock, as of the last sample, brought forward by what chronyd has
  // corrected since. Clamped to +-292 years.
  std::chrono::nanoseconds offset{0};
  // How wrong `offset` may be: half the root delay and the root dispersion of the sample, and 15
  // ppm of its age (RFC 5905 §7.3, PHI).
  std::chrono::nanoseconds error_bound{0};
  std::chrono::seconds sample_age{0};
  std::uint8_t stratum = 0;
  std::uint8_t reachability = 0;  // last eight polls, latest in bit 0
  message::ChronySourceState state = message::ChronySourceState::kNonselectable;
  // Fit to vote: reachable, with a sample, stratum 1 to 15, and neither unselectable nor too
  // jittery for chronyd. A falseticker may vote: chronyd gives that name to whoever disagrees with
  // the rest, and so to everybody when it trusts a wrong PHC; the vote is there to find that out.
  bool usable = false;
};

struct ChronydReport {
  static constexpr std::size_t kMaximumSources = 16;

  std::chrono::steady_clock::time_point taken;  // end of the round; its age is now - taken

  // What chronyd says of the system clock, with its own correction applied.
  bool synchronised = false;
  clock::LeapIndicator leap = clock::LeapIndicator::kUnsynchronised;
  std::uint8_t stratum = 0;        // as chronyd would serve it
  std::uint32_t reference_id = 0;  // first octet in the top byte
  std::chrono::nanoseconds root_delay{0};
  std::chrono::nanoseconds root_dispersion{0};
  // chronyd's estimate of the time minus system clock: what it has still to slew away, or with -x
  // all that it would have corrected.
  std::chrono::nanoseconds correction{0};
  // Its reference is a refclock named PHC0, PHC1, ...: it follows a clock that Pollux may be
  // following too, and neither it nor the system clock is independent of that.
  bool follows_phc = false;

  std::array<ChronydSource, kMaximumSources> sources;  // the first source_count hold something
  std::size_t source_count = 0;                        // NTP sources; no refclocks, no mere names
  std::size_t known_to_chronyd = 0;                    // all sources, also those not asked for

  [[nodiscard]] std::span<const ChronydSource> ntp_sources() const noexcept {
    return std::span{sources}.first(source_count);
  }
};

class ChronydClient {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds kPeriod{1'000};    // from start to start of a round
  static constexpr std::chrono::milliseconds kDeadline{1'000};  // for a whole round
  static constexpr std::chrono::seconds kLifetime{5};           // of a report

  // `address` in text. Opens nothing yet.
  explicit ChronydClient(std::string address = "127.0.0.1",
                         std::uint16_t port = message::kChronyPort);

  // Takes what has come, sends what is due; call it about eight times a second. A round needs three
  // calls.
  void poll(Time now);

  // The last whole report that is not older than kLifetime.
  [[nodiscard]] std::optional<ChronydReport> report(Time now) const;
  [[nodiscard]] PeerOutcome last_outcome() const noexcept { return outcome_; }

 private:
  // One question of a round that is under way.
  enum class Question : std::uint8_t { kTracking, kCount, kSource, kCountAgain };
  struct Asked {
    Question question = Question::kTracking;
    std::uint32_t index = 0;  // of kSource
    std::uint32_t sequence = 0;
    bool answered = false;
  };
  static constexpr std::size_t kMostQuestions = ChronydReport::kMaximumSources + 3;

  void start_round(Time now);
  void ask(Question question, std::uint32_t index = 0);
  void ask_for_sources();
  void receive(Time now);
  void take(std::span<const std::byte> reply);
  void take_answer(Asked& asked, std::span<const std::byte> reply);
  void continue_round(Time now);
  void end_round(PeerOutcome outcome);
  [[nodiscard]] bool all_answered() const noexcept;
  [[nodiscard]] ChronydReport compose(Time now) const;

  std::string address_;
  std::uint16_t port_;
  PeerSocket socket_;
  std::uint32_t next_sequence_;

  bool under_way_ = false;
  bool saw_rubbish_ = false;
  bool asked_for_sources_ = false;
  Time round_start_;
  std::array<Asked, kMostQuestions> asked_;
  std::size_t asked_count_ = 0;
  message::Tracking tracking_;
  std::uint32_t count_ = 0;
  std::array<message::SourceData, ChronydReport::kMaximumSources> data_;

  std::optional<ChronydReport> report_;
  PeerOutcome outcome_ = PeerOutcome::kNone;
};

}  // namespace pollux::phc
