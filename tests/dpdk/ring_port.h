// A DPDK port whose wire is a pair of rte_rings for each queue: what the test sends is received by
// the worker of that queue, what the worker transmits is received by the test. Made before the data
// plane that uses device(), destroyed after it. Each queue has its own buffers, so that a leak
// shows and no buffer goes from one worker to another. One thread at a time for each queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/octets.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

namespace pollux::test {

// The ring driver gives this address to its ports.
inline constexpr Mac kRingMac{};

class RingPort {
 public:
  static constexpr unsigned kBuffers = 1023;  // of each queue

  // A ring of `transmit_slots`, a power of two, holds one frame less. By default none is ever full.
  explicit RingPort(const std::string& name, unsigned queues = 1,
                    unsigned transmit_slots = kBuffers + 1);
  ~RingPort();
  RingPort(const RingPort&) = delete;
  RingPort& operator=(const RingPort&) = delete;

  [[nodiscard]] const std::string& device() const { return device_; }

  // False where all buffers are under way. `frame` fits one buffer.
  [[nodiscard]] bool send(const Octets& frame, unsigned queue = 0);
  // So that the worker finds all at once.
  [[nodiscard]] bool send_together(const std::vector<Octets>& frames);
  // The same as from a device that stamps frames: `stamp` in the buffer's field for it.
  [[nodiscard]] bool send_stamped(const Octets& frame, std::uint64_t stamp);
  // The same as two buffers chained, the first with `first` octets.
  [[nodiscard]] bool send_in_pieces(const Octets& frame, std::size_t first, unsigned queue = 0);

  // What the worker transmitted first; a buffer that is not sound fails the test.
  [[nodiscard]] std::optional<Octets> receive(unsigned queue = 0);

  // Of all queues, wherever they are.
  [[nodiscard]] unsigned buffers_in_use() const;

 private:
  struct Queue {
    rte_mempool* pool = nullptr;
    rte_ring* to_worker = nullptr;
    rte_ring* from_worker = nullptr;
  };

  [[nodiscard]] static rte_mbuf* make_buffer(rte_mempool* pool, const std::uint8_t* octets,
                                             std::size_t count);

  std::string device_;
  std::vector<Queue> queues_;
};

}  // namespace pollux::test
