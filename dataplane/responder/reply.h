// A request to its reply, in place: link, IP and UDP turned round, then the time. Pure.
// prepare_ntp() does all that does not depend on the time; stamp_ntp() the rest, as late as
// possible.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/responder/classify.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ntp_header.h"
#include "dataplane/wire/udp.h"
#include "ptp/clock/served_clock.h"

namespace pollux::responder {

inline constexpr std::uint8_t kTimeToLive = 64;

// Turns the link header round and moves it up to an IP header of `ip_header_length` octets that
// ends where the upper layer begins, so that options and extension headers fall away. Gives the
// place of that IP header.
[[nodiscard, gnu::always_inline]] inline std::byte* turn_link(Packet& packet, const Layout& layout,
                                                              std::size_t ip_header_length,
                                                              const PortPolicy& policy) noexcept {
  const std::size_t shift = layout.upper_offset - ip_header_length - layout.ip_offset;
  std::byte* frame = packet.frame + shift;
  if (shift != 0) [[unlikely]] {
    std::memmove(frame, packet.frame, layout.ip_offset);
    packet.frame = frame;
    packet.room = static_cast<std::uint16_t>(packet.room - shift);
    packet.upper_offset = static_cast<std::uint16_t>(packet.upper_offset - shift);
  }
  std::memcpy(frame, frame + wire::kMacLength, wire::kMacLength);
  wire::store_mac(frame + wire::kMacLength, policy.mac());
  return frame + layout.ip_offset;
}

// IPv4 header of a reply: no options, own lifetime and type of service, don't fragment. `source`
// and `destination` in memory order.
[[gnu::always_inline]] inline void write_ipv4_header(std::byte* ip, std::uint8_t protocol,
                                                     std::size_t total_length, std::uint32_t source,
                                                     std::uint32_t destination,
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
[[gnu::always_inline]] inline std::byte* turn_packet(Packet& packet, const Layout& layout,
                                                     std::uint8_t protocol,
                                                     std::size_t upper_length,
                                                     const PortPolicy& policy) noexcept {
  const std::byte* request = packet.frame + layout.ip_offset;
  std::byte* upper = packet.frame + layout.upper_offset;
  const bool is_ipv4 = layout.family == Family::kIpv4;
  const std::size_t ip_header_length = is_ipv4 ? wire::kIpv4HeaderLength : wire::kIpv6HeaderLength;
  if (is_ipv4) {
    const auto source = wire::load<std::uint32_t>(request + wire::ipv4::kSource);
    const auto destination = wire::load<std::uint32_t>(request + wire::ipv4::kDestination);
    std::byte* reply = turn_link(packet, layout, ip_header_length, policy);
    write_ipv4_header(reply, protocol, ip_header_length + upper_length, destination, source,
                      policy);
  } else {
    std::uint64_t words[4];
    std::memcpy(words, request + wire::ipv6::kSource, sizeof words);
    std::byte* reply = turn_link(packet, layout, ip_header_length, policy);
    write_ipv6_start(reply, protocol, upper_length, kTimeToLive, policy);
    std::memcpy(reply + wire::ipv6::kSource, &words[2], 16);
    std::memcpy(reply + wire::ipv6::kDestination, &words[0], 16);
  }
  packet.length = static_cast<std::uint16_t>(layout.ip_offset + ip_header_length + upper_length);
  return upper;
}

// What a pseudo header's sum gains when its length changes.
[[nodiscard]] inline std::uint64_t shortened_pseudo_header(std::uint16_t from,
                                                           std::uint16_t to) noexcept {
  return std::uint64_t{static_cast<std::uint16_t>(~wire::swap_be(from))} + wire::swap_be(to);
}

// Where classify_frame() found the headers.
[[nodiscard]] inline Layout layout_of(const Packet& packet) noexcept {
  return {.ip_offset = packet.ip_offset,
          .upper_offset = packet.upper_offset,
          .upper_length = packet.upper_length,
          .echo_offset = packet.echo_offset,
          .echo_length = packet.echo_length,
          .family = packet.family};
}

// All of an NTP reply that does not depend on the time. The poll octet stays the request's (RFC
// 5905 §9.2).
[[gnu::always_inline]] inline void prepare_ntp(Packet& packet, const Layout& layout,
                                               const PortPolicy& policy) noexcept {
  const auto udp_length = static_cast<std::uint16_t>(kUsualUdpLength + layout.echo_length);
  if (layout.upper_length != udp_length)
    packet.sum.add(
        shortened_pseudo_header(static_cast<std::uint16_t>(layout.upper_length), udp_length));
  std::byte* udp = turn_packet(packet, layout, wire::kProtocolUdp, udp_length, policy);

  wire::store(udp, std::rotl(wire::load<std::uint32_t>(udp), 16));
  // With an empty checksum behind it.
  wire::store(udp + wire::udp::kLength,
              wire::swap_be(static_cast<std::uint32_t>(udp_length << 16U)));

  std::byte* message = udp + wire::kUdpHeaderLength;
  // RFC 5905 §8: the origin timestamp of a reply is the request's transmit timestamp.
  const auto origin = wire::load<std::uint64_t>(message + wire::ntp::kTransmitTimestamp);
  wire::store(message + wire::ntp::kOriginTimestamp, origin);
  if (layout.echo_length != 0) {
    std::memmove(message + wire::kNtpHeaderLength, message + layout.echo_offset,
                 layout.echo_length);
    if (!policy.transmit_checksums())
      packet.sum.add(message + wire::kNtpHeaderLength, layout.echo_length);
  }
}

// What is the same for every reply of a burst; words of the packet in memory order.
struct BurstTime {
  explicit BurstTime(const clock::ServedTime& served) noexcept
      : first{wire::swap_be(served.header.first)},
        second{wire::swap_be(served.header.second)},
        reference{wire::swap_be(served.reference_time.units)} {
    // RFC 5905 §6: bits beyond the precision are random. -32 and 0 bound what a broken clock could
    // say.
    const int precision = clock::unpack(served.header).precision;
    const int bits = precision < -32 ? 0 : precision > 0 ? 32 : 32 + precision;
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    const std::uint64_t known_receive = served.receive.units & ~mask;
    std::uint64_t known_transmit = served.transmit.units & ~mask;
    // Clients refuse a server whose clock stands or goes back: whatever the random bits, transmit
    // comes after receive.
    if (known_transmit == known_receive) known_transmit += mask + 1;
    random_mask = wire::swap_be(mask);
    receive = wire::swap_be(known_receive);
    transmit = wire::swap_be(known_transmit);
    wire::Sum sum;
    sum.add(second, reference);
    common = sum.unfolded();
  }

  std::uint64_t first;
  std::uint64_t second;
  std::uint64_t reference;
  std::uint64_t receive;   // without its random bits
  std::uint64_t transmit;  // the same
  std::uint64_t random_mask;
  std::uint64_t common;  // sum of `second` and `reference`
};

// Moves stamps that happen to equal the client's by one unit and keeps their order. All in memory
// order.
inline void avoid_origin(std::uint64_t& receive, std::uint64_t& transmit,
                         std::uint64_t origin) noexcept {
  if (receive == origin) receive = wire::swap_be(wire::swap_be(receive) + 1);
  if (transmit == receive || transmit == origin)
    transmit = wire::swap_be(wire::swap_be(transmit) + 1);
}

// Completes the reply. `random` fills the bits of both stamps that the clock does not know.
[[gnu::always_inline]] inline void stamp_ntp(const Packet& packet, const BurstTime& time,
                                             std::uint64_t random,
                                             const PortPolicy& policy) noexcept {
  std::byte* udp = packet.frame + packet.upper_offset;
  std::byte* message = udp + wire::kUdpHeaderLength;
  const std::uint64_t first =
      time.first | wire::octet_at<std::uint64_t>(packet.reply_flags, wire::ntp::kFlags) |
      wire::octet_at<std::uint64_t>(wire::load_u8(message + wire::ntp::kPoll), wire::ntp::kPoll);
  const auto origin = wire::load<std::uint64_t>(message + wire::ntp::kOriginTimestamp);

  std::uint64_t receive = time.receive | (random & time.random_mask);
  std::uint64_t transmit = time.transmit | (std::rotl(random, 32) & time.random_mask);
  if (receive == origin || transmit == origin) [[unlikely]]
    avoid_origin(receive, transmit, origin);
  wire::store(message, first);
  wire::store(message + wire::ntp::kRootDispersion, time.second);
  wire::store(message + wire::ntp::kReferenceTimestamp, time.reference);
  wire::store(message + wire::ntp::kReceiveTimestamp, receive);
  wire::store(message + wire::ntp::kTransmitTimestamp, transmit);
  if (policy.transmit_checksums()) [[unlikely]] {
    wire::store(udp + wire::udp::kChecksum, packet.sum.fold());
    return;
  }
  wire::Sum sum = packet.sum;
  sum.add(time.common, wire::load<std::uint64_t>(udp), first, origin, receive, transmit);
  wire::store(udp + wire::udp::kChecksum, sum.udp_checksum());
}

}  // namespace pollux::responder
