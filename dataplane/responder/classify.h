// A frame to a verdict: link, IP and UDP checks in the order of their cost, then the NTP request.
// Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/wire/be.h"
#include "dataplane/wire/ip.h"

namespace pollux::responder {

// Judges any frame. Reads packet.length octets of it and changes none.
[[nodiscard]] Verdict classify_frame(Packet& packet, const PortPolicy& policy) noexcept;

// ICMP and ICMPv6 to us, or what claims to be; packet.upper_offset and upper_length are set.
[[nodiscard]] Verdict classify_icmp(const Packet& packet, const PortPolicy& policy) noexcept;
[[nodiscard]] Verdict classify_icmpv6(const Packet& packet, const PortPolicy& policy) noexcept;

// The rest of the pseudo header beside the addresses: protocol and length (RFC 768, RFC 8200 §8.1).
[[nodiscard]] constexpr std::uint64_t pseudo_header_words(std::uint8_t protocol,
                                                          std::uint16_t length) noexcept {
  return std::uint64_t{wire::swap_be(std::uint16_t{protocol})} + wire::swap_be(length);
}
inline constexpr std::uint64_t kUsualPseudoHeader =
    pseudo_header_words(wire::kProtocolUdp, kUsualUdpLength);

// The unspecified and loopback addresses, the IPv4-mapped ones and the rest of ::/64 (RFC 4291
// §2.5), multicast.
[[nodiscard]] constexpr bool is_impossible_ipv6_source(std::uint8_t first_octet,
                                                       std::uint64_t high) noexcept {
  return first_octet == 0xff || high == 0;
}

[[nodiscard]] inline PortPolicy::Ipv6Words load_ipv6_words(const std::byte* from) noexcept {
  return {wire::load<std::uint64_t>(from), wire::load<std::uint64_t>(from + 8)};
}

}  // namespace pollux::responder
