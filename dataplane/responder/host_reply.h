// What a host owes its link where no kernel stands behind the port: ARP, IPv6 neighbour discovery,
// pings. Pure. Slow beside NTP and limited by HostLimit.
#pragma once

#include <cstdint>

#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "ptp/clock/time.h"

namespace pollux::responder {

// An ARP frame (RFC 826) to our MAC address or the broadcast address; packet.ip_offset is the ARP
// header.
[[nodiscard]] Verdict classify_arp(const Packet& packet, const PortPolicy& policy) noexcept;

// Each turns a frame with the verdict of its name into the answer, in place.
void answer_arp(Packet& packet, const PortPolicy& policy) noexcept;
void answer_neighbor(Packet& packet, const PortPolicy& policy) noexcept;
void answer_echo(Packet& packet, const PortPolicy& policy) noexcept;

// Token bucket in counter ticks; one for each worker.
class HostLimit {
 public:
  // `interval` ticks for each reply, 0 for none at all; `burst` ticks may be used up at once.
  [[nodiscard]] bool take(clock::Counter now, std::int64_t interval, std::int64_t burst) noexcept {
    if (interval == 0) return false;
    if (!started_ || now - spent_ > 0) spent_ = now;
    started_ = true;
    if (spent_ - now > burst) return false;
    spent_ = spent_ + interval;
    return true;
  }

 private:
  clock::Counter spent_;  // up to which the allowance is used
  bool started_ = false;  // the counter may be anywhere before the first reply
};

}  // namespace pollux::responder
