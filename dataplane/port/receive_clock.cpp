// rte_eth_read_clock() is there since DPDK 19.08 but still called experimental.
#define ALLOW_EXPERIMENTAL_API

#include "dataplane/port/receive_clock.h"

#include <fmt/format.h>
#include <rte_atomic.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>

#include <stdexcept>
#include <utility>

namespace pollux::port {

namespace {

// Seconds that a frame is believed to have waited for its poll.
constexpr double kLongestWait = 200e-6;

}  // namespace

ReceiveClock::ReceiveClock(Read read, const TimeBase& time_base)
    : read_{std::move(read)}, time_base_{time_base}, clock_{time_base.hertz} {
  if (rte_mbuf_dyn_rx_timestamp_register(&field_offset_, &flag_) != 0) {
    throw std::runtime_error(
        fmt::format("packet buffers have no room for time stamps: {}", rte_strerror(rte_errno)));
  }
}

// The best of three: the first one after a pause takes longer, and any may be interrupted.
void ReceiveClock::follow() noexcept {
  std::optional<clock::NicReading> best;
  for (int i = 0; i < 3; ++i) {
    const auto reading = read();
    if (reading && (!best || reading->after - reading->before < best->after - best->before))
      best = reading;
  }
  if (best) clock_.add(*best);
  latch_.publish(clock_.map());
}

std::optional<clock::NicReading> ReceiveClock::read() const noexcept {
  clock::NicReading reading;
  rte_rmb();
  reading.before = read_counter(time_base_.is_raw_clock);
  const auto ticks = read_();
  rte_rmb();
  reading.after = read_counter(time_base_.is_raw_clock);
  if (!ticks) return std::nullopt;
  reading.ticks = *ticks;
  return reading;
}

StampSource ReceiveClock::source() const noexcept {
  return {.latch = &latch_,
          .field_offset = static_cast<std::size_t>(field_offset_),
          .flag = flag_,
          .longest_wait = static_cast<std::int64_t>(kLongestWait * time_base_.hertz)};
}

std::optional<std::uint64_t> read_device_clock(std::uint16_t port_id) noexcept {
  std::uint64_t ticks = 0;
  if (rte_eth_read_clock(port_id, &ticks) != 0) return std::nullopt;
  return ticks;
}

}  // namespace pollux::port
