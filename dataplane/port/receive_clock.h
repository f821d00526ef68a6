// The clock with which a port stamps received frames: read eight times a second by the control
// thread, told to the workers as a map from its ticks to the counter. Belongs to the port.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "dataplane/port/counter.h"
#include "dataplane/port/receive_stamps.h"
#include "ptp/clock/nic_clock.h"

namespace pollux::port {

class ReceiveClock {
 public:
  using Read = std::function<std::optional<std::uint64_t>()>;  // the present ticks

  // Reserves the place of the stamp in all buffers. Throws std::runtime_error where there is none.
  ReceiveClock(Read read, const TimeBase& time_base);

  void follow() noexcept;

  // For the workers: its latch lives as long as this.
  [[nodiscard]] StampSource source() const noexcept;

 private:
  [[nodiscard]] std::optional<clock::NicReading> read() const noexcept;

  Read read_;
  TimeBase time_base_;
  int field_offset_ = 0;
  std::uint64_t flag_ = 0;
  clock::NicClock clock_;
  clock::NicMapLatch latch_;
};

// The clock of the device, none where it has no such clock or does not tell it.
[[nodiscard]] std::optional<std::uint64_t> read_device_clock(std::uint16_t port_id) noexcept;

}  // namespace pollux::port
