// DPDK's EAL with one port of one queue, for a program that offers requests. One for each process.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tests/bench/offered_stream.h"

namespace pollux::bench {

class Stopwatch {
 public:
  [[nodiscard]] std::uint64_t nanoseconds() const {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now() - begin_}.count());
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

class TrafficPort {
 public:
  // Starts DPDK on `cpu` and opens the device, once its link is up. Throws std::runtime_error.
  TrafficPort(const std::string& device, unsigned cpu, bool hugepages);
  ~TrafficPort();
  TrafficPort(const TrafficPort&) = delete;
  TrafficPort& operator=(const TrafficPort&) = delete;

  // At most a burst of what is due. What the device does not take is lost.
  void send(OfferedStream& stream, std::size_t due);

  // Gives each frame of a burst, and the nanoseconds at which it was there, to `take`; false where
  // there was none.
  template <typename Take>
  bool receive(Take take);

  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  void forget_received() noexcept { received_ = 0; }

 private:
  static constexpr std::uint16_t kBurst = 32;

  void open();

  std::uint16_t port_ = 0;
  rte_mempool* pool_ = nullptr;
  std::uint64_t received_ = 0;
  Stopwatch watch_;
};

template <typename Take>
bool TrafficPort::receive(Take take) {
  std::array<rte_mbuf*, kBurst> frames{};
  const std::uint16_t count = rte_eth_rx_burst(port_, 0, frames.data(), kBurst);
  const std::uint64_t now = count != 0 ? watch_.nanoseconds() : 0;
  for (rte_mbuf* frame : std::span{frames}.first(count)) {
    take(std::span{rte_pktmbuf_mtod(frame, const std::byte*), frame->data_len}, now);
    rte_pktmbuf_free(frame);
  }
  received_ += count;
  return count != 0;
}

}  // namespace pollux::bench
