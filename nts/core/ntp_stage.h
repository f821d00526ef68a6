// NTS requests to authenticated replies, a few at a time: open the cookies, verify the requests,
// mint fresh cookies, and at last, with the time in place, seal the replies (RFC 8915 §5.7). Each
// step is one call of the AEAD back end for all of them. Pure; one for each worker. What a client's
// keys were is wiped with each batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/responder/counters.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "nts/core/aead.h"
#include "nts/core/key_ring.h"
#include "nts/core/ntp_reply.h"
#include "nts/core/ntp_request.h"
#include "ptp/clock/served_clock.h"

namespace pollux::nts {

// Requests that are worked on together: eight keep the back end's lanes full.
inline constexpr std::size_t kBatch = 8;

// Written by one worker. Of requests whose cookie names a key that is not in the ring: by how many
// rotations ago it was probably current, 3 and more, as its place in the ring tells.
struct StageCounters {
  std::array<responder::Count, kRingKeys> unknown_keys;  // [0]: 3 rotations ago, ... [3]: 6
  responder::Count cookies;                              // minted
};

class NtpStage {
 public:
  explicit NtpStage(Aead& aead) noexcept : aead_{aead} {}

  // Begins a batch: at most kBatch packets that classify() called reply_nts. Their verdicts are
  // then reply_nts, reply_nts_nak or a drop.
  void open(std::span<responder::Packet* const> packets, const KeyRing& ring) noexcept;

  // Turns those that are answered into replies but for the time and the tag.
  void prepare(const responder::PortPolicy& policy, const KeyRing& ring) noexcept;

  // Writes the time and seals; should the back end fail, its replies become drops. `received` has
  // an entry for each packet of open(), `sent` is when the replies are expected to leave, one after
  // another by `wire_time`.
  void finish(const responder::PortPolicy& policy, const clock::ServedClock& clock,
              std::span<const clock::Counter> received, clock::Counter sent,
              clock::NtpDuration wire_time) noexcept;

  [[nodiscard]] const StageCounters& counters() const noexcept { return counters_; }

 private:
  // One request on its way.
  struct Lane {
    responder::Packet* packet = nullptr;
    NtpRequest request;
    AeadId aead = AeadId::kAesSivCmac256;
    std::array<std::byte, 2 * kLongestKey> keys{};  // C2S, S2C
    ReplyShape shape;
    responder::Unstamped reply;

    [[nodiscard]] std::span<const std::byte> key(std::size_t direction) const noexcept {
      return std::span{keys}.subspan(direction * key_length(aead), key_length(aead));
    }
    [[nodiscard]] ReplyFields fields() const noexcept {
      return {reply.udp + wire::kUdpHeaderLength, shape};
    }
    [[nodiscard]] bool is(responder::Verdict verdict) const noexcept {
      return packet->verdict == verdict;
    }
  };

  static constexpr std::size_t kLongestPlaintext = 1472;

  [[nodiscard]] std::span<Lane> lanes() noexcept { return {lanes_.data(), count_}; }
  void open_cookies(const KeyRing& ring) noexcept;
  void verify() noexcept;
  [[nodiscard]] static responder::Verdict judge(Lane& lane, const Opening& opening) noexcept;
  void mint(const KeyRing& ring) noexcept;
  void seal() noexcept;
  static void complete_checksums(std::span<const Lane> lanes,
                                 const responder::PortPolicy& policy) noexcept;
  void stamp(const clock::ServedClock& clock, std::span<const clock::Counter> received,
             clock::Counter sent, clock::NtpDuration wire_time) noexcept;

  Aead& aead_;
  std::size_t count_ = 0;
  std::array<Lane, kBatch> lanes_{};
  bool is_sound_ = true;  // the back end did all it was asked to
  std::array<std::array<std::byte, kLongestPlaintext>, kBatch> plaintexts_{};
  StageCounters counters_;
};

}  // namespace pollux::nts
