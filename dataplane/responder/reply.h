// Any request to its reply, in place: link, IP and UDP turned round, all but the time. Pure.
// The usual request is turned by usual_request.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/responder/classify.h"
#include "dataplane/responder/ntp_request.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ntp_header.h"
#include "dataplane/wire/udp.h"
#include "ptp/clock/served_clock.h"

namespace pollux::responder {

// Turns the link header round and moves it up to an IP header of `ip_header_length` octets that
// ends where the upper layer begins, so that options and extension headers fall away. Gives the
// place of that IP header.
[[nodiscard]] inline std::byte* turn_link(Packet& packet, std::size_t ip_header_length,
                                          const PortPolicy& policy) noexcept {
  const std::size_t shift = packet.upper_offset - ip_header_length - packet.ip_offset;
  std::byte* frame = packet.frame + shift;
  if (shift != 0) {
    std::memmove(frame, packet.frame, packet.ip_offset);
    packet.frame = frame;
    packet.room = static_cast<std::uint16_t>(packet.room - shift);
    packet.upper_offset = static_cast<std::uint16_t>(packet.upper_offset - shift);
  }
  std::memcpy(frame, frame + wire::kMacLength, wire::kMacLength);
  wire::store_mac(frame + wire::kMacLength, policy.mac());
  return frame + packet.ip_offset;
}

// IPv4 header of a reply: no options, own lifetime and type of service, don't fragment. `source`
// and `destination` in memory order.
inline void write_ipv4_header(std::byte* ip, std::uint8_t protocol, std::size_t total_length,
                              std::uint32_t source, std::uint32_t destination,
                              const PortPolicy& policy) noexcept {
  const std::uint32_t first =
      policy.ipv4_start() | wire::swap_be(static_cast<std::uint32_t>(total_length));
  // RFC 6864 §4.1: the identification of an atomic datagram means nothing.
  const auto second = wire::swap_be(std::uint32_t{wire::ipv4::kDontFragment});
  const auto third =
      wire::swap_be(static_cast<std::uint32_t>(kTimeToLive << 24U | protocol << 16U));
  const wire::Sum sum{std::uint64_t{first} + second + third + source + destination};
  wire::store(ip, first);
  wire::store(ip + wire::ipv4::kIdentification, second);
  wire::store(ip + wire::ipv4::kTimeToLive, third);
  wire::store(ip + wire::ipv4::kSource, source);
  wire::store(ip + wire::ipv4::kDestination, destination);
  // Left zero for a port that completes it.
  if (!policy.transmit_checksums()) [[likely]]
    wire::store(ip + wire::ipv4::kChecksum, sum.checksum());
}

// IPv6 header of a reply up to its addresses: flow label 0, own traffic class and hop limit.
inline void write_ipv6_start(std::byte* ip, std::uint8_t protocol, std::size_t payload_length,
                             std::uint8_t hop_limit, const PortPolicy& policy) noexcept {
  wire::store_be32(ip, 0x6000'0000U | static_cast<std::uint32_t>(policy.type_of_service() << 20U));
  wire::store_be32(ip + wire::ipv6::kPayloadLength,
                   static_cast<std::uint32_t>(payload_length << 16U) |
                       std::uint32_t{protocol} << 8U | hop_limit);
}

// Turns an IPv4 or IPv6 packet round, for `upper_length` octets of `protocol`.
// Gives the place of the upper-layer header.
[[nodiscard]] inline std::byte* turn_packet(Packet& packet, std::uint8_t protocol,
                                            std::size_t upper_length,
                                            const PortPolicy& policy) noexcept {
  const std::byte* request = packet.frame + packet.ip_offset;
  std::byte* upper = packet.frame + packet.upper_offset;
  const bool is_ipv4 = packet.family == Family::kIpv4;
  const std::size_t ip_header_length = is_ipv4 ? wire::kIpv4HeaderLength : wire::kIpv6HeaderLength;
  if (is_ipv4) {
    const auto source = wire::load<std::uint32_t>(request + wire::ipv4::kSource);
    const auto destination = wire::load<std::uint32_t>(request + wire::ipv4::kDestination);
    std::byte* reply = turn_link(packet, ip_header_length, policy);
    write_ipv4_header(reply, protocol, ip_header_length + upper_length, destination, source,
                      policy);
  } else {
    std::uint64_t words[4];
    std::memcpy(words, request + wire::ipv6::kSource, sizeof words);
    std::byte* reply = turn_link(packet, ip_header_length, policy);
    write_ipv6_start(reply, protocol, upper_length, kTimeToLive, policy);
    std::memcpy(reply + wire::ipv6::kSource, &words[2], 16);
    std::memcpy(reply + wire::ipv6::kDestination, &words[0], 16);
  }
  packet.length = static_cast<std::uint16_t>(packet.ip_offset + ip_header_length + upper_length);
  return upper;
}

// What a pseudo header's sum gains when its length changes.
[[nodiscard]] inline std::uint64_t shortened_pseudo_header(std::uint16_t from,
                                                           std::uint16_t to) noexcept {
  return std::uint64_t{static_cast<std::uint16_t>(~wire::swap_be(from))} + wire::swap_be(to);
}

// All of an NTP reply that does not depend on the time. The poll octet stays the request's (RFC
// 5905 §9.2).
[[nodiscard]] inline Unstamped prepare_ntp(Packet& packet, const PortPolicy& policy) noexcept {
  const auto udp_length =
      static_cast<std::uint16_t>(kUsualUdpLength + packet.echo_length + packet.sealed_length);
  packet.sum.add(shortened_pseudo_header(packet.upper_length, udp_length));
  std::byte* udp = turn_packet(packet, wire::kProtocolUdp, udp_length, policy);

  wire::store(udp, std::rotl(wire::load<std::uint32_t>(udp), 16));
  // With an empty checksum behind it.
  wire::store(udp + wire::udp::kLength,
              wire::swap_be(static_cast<std::uint32_t>(udp_length << 16U)));

  std::byte* message = udp + wire::kUdpHeaderLength;
  wire::store_u8(message, packet.reply_flags ^ kModeTurn);
  if (packet.echo_length != 0) {
    std::memmove(message + wire::kNtpHeaderLength, message + packet.echo_offset,
                 packet.echo_length);
    // What is sealed comes later, and then all of it is summed.
    if (!policy.transmit_checksums() && packet.sealed_length == 0)
      packet.sum.add(message + wire::kNtpHeaderLength, packet.echo_length);
  }
  return {.udp = udp, .sum = packet.sum};
}

}  // namespace pollux::responder
