// DPDK buffers in ordinary memory, without a pool or EAL: enough for code that only reads and turns
// them.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/bench/sample_frames.h"

namespace pollux::bench {

class MbufSet {
 public:
  MbufSet(std::size_t count, Shape shape)
      : headers_(std::make_unique<rte_mbuf[]>(count)), rooms_(std::make_unique<Room[]>(count)) {
    for (std::size_t i = 0; i < count; ++i) {
      frames_.push_back(sample_frame(shape, static_cast<std::uint32_t>(i)));
      buffers_.push_back(&headers_[i]);
    }
    restore();
  }

  // Puts the requests back where replies stand now.
  void restore() noexcept {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      rte_mbuf& buffer = headers_[i];
      buffer.buf_addr = rooms_[i].octets;
      buffer.buf_len = sizeof rooms_[i].octets;
      buffer.data_off = RTE_PKTMBUF_HEADROOM;
      buffer.nb_segs = 1;
      buffer.ol_flags = 0;
      buffer.data_len = static_cast<std::uint16_t>(frames_[i].size());
      buffer.pkt_len = buffer.data_len;
      std::memcpy(rooms_[i].octets + RTE_PKTMBUF_HEADROOM, frames_[i].data(), frames_[i].size());
    }
  }

  [[nodiscard]] rte_mbuf** buffers(std::size_t first) noexcept { return buffers_.data() + first; }
  [[nodiscard]] std::size_t size() const noexcept { return buffers_.size(); }

 private:
  struct Room {
    alignas(64) std::byte octets[RTE_MBUF_DEFAULT_BUF_SIZE];
  };

  std::unique_ptr<rte_mbuf[]> headers_;
  std::unique_ptr<Room[]> rooms_;
  std::vector<std::vector<std::byte>> frames_;
  std::vector<rte_mbuf*> buffers_;
};

}  // namespace pollux::bench
