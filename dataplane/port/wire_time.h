// How long a usual reply keeps a port's link busy: replies of one burst leave that far apart.
// Written by the control thread when a link changes, read by the workers.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/responder/usual_request.h"
#include "ptp/clock/time.h"

namespace pollux::port {

// Of a frame of `octets`, its four of check sequence not counted, at `mbps` megabits a second; zero
// where the speed is not known (0). With preamble, start delimiter, check sequence and gap a frame
// takes 24 octets more (IEEE 802.3 §3.1.1, §4.4.2).
[[nodiscard]] constexpr clock::NtpDuration time_on_wire(std::uint64_t octets,
                                                        std::uint32_t mbps) noexcept {
  if (mbps == 0) return {};
  const std::uint64_t bits = 8 * (octets + 24);
  const std::uint64_t per_second = std::uint64_t{mbps} * 1'000'000;
  return {static_cast<std::int64_t>((bits << 32U) / per_second)};
}

class WireTime {
 public:
  // Of the shorter of the usual replies: a stamp is rather early than late.
  void set_speed(std::uint32_t mbps) noexcept {
    units_.store(time_on_wire(responder::kUsualIpv4Length, mbps).units, std::memory_order_relaxed);
  }
  [[nodiscard]] clock::NtpDuration read() const noexcept {
    return {units_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::int64_t> units_{0};
};

}  // namespace pollux::port
