// The stamps that a network card has put on received frames, as a worker reads them. One
// ReceiveStamps for each queue of a worker; nothing in it is shared but the counters.
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/responder/counters.h"
#include "dataplane/responder/packet.h"
#include "ptp/clock/nic_clock.h"

namespace pollux::port {

// Where a port's stamps are found and what they mean.
struct StampSource {
  const clock::NicMapLatch* latch = nullptr;  // null: the port has no stamps
  std::size_t field_offset = 0;               // of the stamp in a buffer
  std::uint64_t flag = 0;                     // of a buffer that has one
  std::int64_t longest_wait = 0;              // ticks a frame is believed to have waited
};

class ReceiveStamps {
 public:
  // When each of `frames`, a burst, came in: by its stamp, where that says that the frame had
  // waited from 0 to `longest_wait` at `now`, a reading taken just after the receive call; else
  // `otherwise`.
  [[nodiscard]] std::span<const clock::Counter> read(const StampSource& source,
                                                     std::span<rte_mbuf* const> frames,
                                                     clock::Counter now,
                                                     clock::Counter otherwise) noexcept;

  [[nodiscard]] std::uint64_t used() const noexcept { return used_.read(); }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.read(); }

 private:
  clock::NicMap map_;
  std::uint64_t seen_ = 0;
  std::array<clock::Counter, responder::kMaximumBurst> received_{};
  responder::Count used_;
  responder::Count refused_;
};

inline std::span<const clock::Counter> ReceiveStamps::read(const StampSource& source,
                                                           std::span<rte_mbuf* const> frames,
                                                           clock::Counter now,
                                                           clock::Counter otherwise) noexcept {
  source.latch->refresh(map_, seen_);
  const bool usable = map_.is_usable(now);
  std::size_t used = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const rte_mbuf& frame = *frames[i];
    received_[i] = otherwise;
    if (!usable || (frame.ol_flags & source.flag) == 0) continue;
    const clock::Counter stamped =
        map_.at(*RTE_MBUF_DYNFIELD(&frame, source.field_offset, const rte_mbuf_timestamp_t*));
    const std::int64_t waited = now - stamped;
    if (waited < 0 || waited > source.longest_wait) continue;
    received_[i] = stamped;
    ++used;
  }
  used_.add(used);
  refused_.add(frames.size() - used);
  return std::span{received_}.first(frames.size());
}

}  // namespace pollux::port
