// The stages that a burst of frames passes between a port's receive and transmit, one function with
// one loop each. One Responder for each worker; nothing in it is shared but the counters, which
// others may read.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/responder/counters.h"
#include "dataplane/responder/host_reply.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "ptp/clock/served_clock.h"

namespace pollux::responder {

inline constexpr std::size_t kMaximumBurst = 32;

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

  // Judges every frame. `packets` holds at most kMaximumBurst. True where all are usual requests:
  // then all are answered, where they lie and in their length.
  [[nodiscard]] static bool classify(std::span<Packet> packets, const PortPolicy& policy) noexcept;

  // Refuses what exceeds the allowance and counts the verdicts, which are final from here on.
  // `all_usual` from classify().
  void limit(std::span<Packet> packets, bool all_usual, clock::Counter now,
             const HostAllowance& allowance) noexcept;

  // Turns requests into replies but for the time.
  static void prepare(std::span<Packet> packets, const PortPolicy& policy) noexcept;

  // Writes the time: `received` is when the burst came in, `sent` a reading taken just now.
  void stamp(std::span<Packet> packets, const PortPolicy& policy, clock::Counter received,
             clock::Counter sent) noexcept;

  [[nodiscard]] const ResponderCounters& counters() const noexcept { return counters_; }

 private:
  // SplitMix64: the bits below the precision have to be spread, not secret.
  [[nodiscard]] std::uint64_t next_random() noexcept;

  clock::ServedClock clock_;
  std::uint64_t random_;
  HostLimit host_limit_;
  ResponderCounters counters_;
};

}  // namespace pollux::responder
