// The stages that a burst of frames passes between a port's receive and transmit, one function with
// one loop each. One Responder for each worker; nothing in it is shared but the counters, which
// others may read.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/responder/counters.h"
#include "dataplane/responder/host_reply.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/responder/stamp.h"
#include "dataplane/responder/usual_request.h"
#include "dataplane/responder/version_tally.h"
#include "ptp/clock/served_clock.h"

namespace pollux::responder {

// How many ARP, neighbour and ping replies a worker may send, in counter ticks.
struct HostAllowance {
  std::int64_t interval = 0;  // for each reply; 0: none is sent
  std::int64_t burst = 0;     // that may be used up at once
};

class Responder {
 public:
  // `seed` from a good source of randomness, different in each worker.
  Responder(const clock::SnapshotLatch& latch, std::uint64_t seed) noexcept
      : clock_{latch}, random_{seed} {}

  // Begins a burst of `count` frames, at most kMaximumBurst; frame_at(i) gives the Frame of each.
  // Usual requests are judged, counted and made replies but for the time, where they lie and in
  // their length. Gives those left, bit i for frame i: untouched, to be taken through classify(),
  // limit() and prepare() together.
  template <std::invocable<std::size_t> FrameAt>
  [[nodiscard]] std::uint32_t turn_usual(std::size_t count, FrameAt frame_at,
                                         const PortPolicy& policy) noexcept;

  // Judges what was left.
  static void classify(std::span<Packet> packets, const PortPolicy& policy) noexcept;

  // Refuses what exceeds the allowance and counts the verdicts, which are final from here on: all
  // but reply_nts, which count_nts() counts once it is known what becomes of the request.
  void limit(std::span<Packet> packets, clock::Counter now,
             const HostAllowance& allowance) noexcept;

  // Turns requests into replies but for the time, all but reply_nts. `packets` in the order of
  // their frames.
  void prepare(std::span<Packet> packets, const PortPolicy& policy) noexcept;

  // Writes the time in all replies: `received` is when the burst came in, `sent` a reading taken
  // just now. Replies leave one after another, each `wire_time` after the one before.
  void stamp(const PortPolicy& policy, clock::Counter received, clock::Counter sent,
             clock::NtpDuration wire_time) noexcept;

  // The same where each request's own time of receipt is known: `received` has one entry for each
  // reply, in their order.
  void stamp_each(const PortPolicy& policy, std::span<const clock::Counter> received,
                  clock::Counter sent, clock::NtpDuration wire_time) noexcept;

  void count_nts(const Packet& packet) noexcept;

  // As it was for the last burst.
  [[nodiscard]] const clock::ServedClock& clock() const noexcept { return clock_; }

  [[nodiscard]] const ResponderCounters& counters() const noexcept { return counters_; }

 private:
  // SplitMix64: the bits below the precision have to be spread, not secret.
  [[nodiscard]] std::uint64_t next_random() noexcept;

  template <bool kPortCompletesChecksum>
  void stamp_all(const BurstTime& time, clock::NtpDuration wire_time) noexcept;

  template <bool kPortCompletesChecksum>
  void stamp_all(std::span<const clock::Counter> received, clock::Counter sent,
                 clock::NtpDuration wire_time) noexcept;

  [[nodiscard]] Unstamped answer(Packet& packet, const PortPolicy& policy) noexcept;

  clock::ServedClock clock_;
  std::uint64_t random_;
  HostLimit host_limit_;

  // The burst at hand: one entry for each frame, after prepare() for each reply.
  std::array<Unstamped, kMaximumBurst> unstamped_{};
  std::size_t unstamped_count_ = 0;
  std::uint32_t left_ = 0;
  // Stands in for a reply that carries no time, so that it takes its turn on the wire.
  alignas(8) std::array<std::byte, kUsualUdpLength> no_time_{};

  ResponderCounters counters_;
};

template <std::invocable<std::size_t> FrameAt>
std::uint32_t Responder::turn_usual(std::size_t count, FrameAt frame_at,
                                    const PortPolicy& policy) noexcept {
  std::uint32_t left = 0;
  VersionTally ipv4;
  VersionTally ipv6;
  for (std::size_t i = 0; i < count; ++i) {
    const Frame frame = frame_at(i);
    Unstamped& reply = unstamped_[i];
    if (frame.length == kUsualIpv4Length && turn_usual_ipv4(frame, policy, reply, ipv4)) [[likely]]
      continue;
    if (frame.length == kUsualIpv6Length && turn_usual_ipv6(frame, policy, reply, ipv6)) continue;
    left |= std::uint32_t{1} << i;
  }
  left_ = left;
  unstamped_count_ = count;
  const auto turned = count - static_cast<std::size_t>(std::popcount(left));
  counters_.verdicts[index(Verdict::reply_plain)].add(turned);
  ipv4.flush(counters_.answered[static_cast<std::size_t>(Family::kIpv4)]);
  ipv6.flush(counters_.answered[static_cast<std::size_t>(Family::kIpv6)]);
  return left;
}

}  // namespace pollux::responder
