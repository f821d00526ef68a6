// The request that nearly every client sends: untagged, no IP options or extension headers, 48
// octets of NTP in client mode, nothing behind it. Whole words are compared here instead of fields;
// whatever does not match goes the long way through classify_frame(), which has the reasons. A test
// holds the two together. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/responder/classify.h"
#include "dataplane/responder/ntp_request.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

// Version and mode of the reply by the first octet of the request; 0 where the request is not the
// usual one.
inline constexpr auto kUsualReplyFlags = [] {
  std::array<std::uint8_t, 256> flags{};
  for (std::size_t octet = 0; octet < flags.size(); ++octet) {
    const FlagsRule rule = kFlagsRules[octet & 0x3fU];
    if (rule.is_usual) flags[octet] = rule.reply_flags;
  }
  return flags;
}();

// Some bits of a word of the packet, in memory order, and what they must be.
template <typename Word>
struct Pattern {
  Word mask;
  Word value;

  constexpr Pattern(Word mask_be, Word value_be) noexcept
      : mask{wire::swap_be(mask_be)}, value{wire::swap_be(value_be)} {}

  [[nodiscard]] bool matches(const std::byte* from) const noexcept {
    return (wire::load<Word>(from) & mask) == value;
  }
};

// UDP and NTP at a known place; `pseudo_header` is its sum. Completes `packet`.
[[nodiscard, gnu::always_inline]] inline bool is_payload_usual(Packet& packet, const std::byte* udp,
                                                               std::uint64_t pseudo_header,
                                                               const PortPolicy& policy) noexcept {
  const std::uint8_t reply_flags = kUsualReplyFlags[wire::load_u8(udp + wire::kUdpHeaderLength)];
  const std::uint64_t header = wire::load_be64(udp);
  packet.sum = wire::Sum{pseudo_header};
  packet.reply_flags = reply_flags;
  if (reply_flags == 0 || !policy.is_usual_udp(header) ||
      policy.is_denied_source_port(static_cast<std::uint16_t>(header >> 48U))) [[unlikely]]
    return false;
  if (packet.good_checksums == kAllChecksums) return true;
  wire::Sum sum = packet.sum;
  sum.add_words<kUsualUdpLength / 8>(udp);
  return wire::is_valid(sum);
}

[[nodiscard, gnu::always_inline]] inline bool is_usual_ipv4(Packet& packet,
                                                            const PortPolicy& policy) noexcept {
  constexpr std::size_t kUdp = kUsualIpv4Layout.upper_offset;
  // Type, version and header length; total length, no fragment, UDP.
  constexpr Pattern<std::uint32_t> kType{0xffff'ff00U, 0x0800'4500U};
  constexpr Pattern<std::uint64_t> kHeader{0xffff'0000'3fff'00ffU, 0x004c'0000'0000'0011U};
  const std::byte* ip = packet.frame + kUsualIpv4Layout.ip_offset;
  if (packet.length != kUdp + kUsualUdpLength || !kType.matches(ip - 2) ||
      !kHeader.matches(ip + wire::ipv4::kTotalLength) ||
      !policy.is_from_station_to_us(wire::load<std::uint64_t>(packet.frame))) [[unlikely]]
    return false;
  const auto source = wire::load<std::uint32_t>(ip + wire::ipv4::kSource);
  const auto destination = wire::load<std::uint32_t>(ip + wire::ipv4::kDestination);
  if (!policy.is_own_ipv4(destination) || policy.is_refused_ipv4_source(source) ||
      kImpossibleIpv4Source[wire::load_u8(ip + wire::ipv4::kSource)]) [[unlikely]]
    return false;
  if (packet.good_checksums != kAllChecksums) {
    wire::Sum header{destination};
    header.add_words<2>(ip);
    if (!wire::is_valid(header)) [[unlikely]]
      return false;
  }
  return is_payload_usual(packet, ip + wire::kIpv4HeaderLength,
                          std::uint64_t{source} + destination + kUsualPseudoHeader, policy);
}

[[nodiscard, gnu::always_inline]] inline bool is_usual_ipv6(Packet& packet,
                                                            const PortPolicy& policy) noexcept {
  constexpr std::size_t kUdp = kUsualIpv6Layout.upper_offset;
  // Type and version; payload length and UDP.
  constexpr Pattern<std::uint32_t> kType{0xffff'f000U, 0x86dd'6000U};
  constexpr Pattern<std::uint32_t> kHeader{0xffff'ff00U, 0x0038'1100U};
  const std::byte* ip = packet.frame + kUsualIpv6Layout.ip_offset;
  if (packet.length != kUdp + kUsualUdpLength || !kType.matches(ip - 2) ||
      !kHeader.matches(ip + wire::ipv6::kPayloadLength) ||
      !policy.is_from_station_to_us(wire::load<std::uint64_t>(packet.frame))) [[unlikely]]
    return false;
  const auto source = load_ipv6_words(ip + wire::ipv6::kSource);
  const auto destination = load_ipv6_words(ip + wire::ipv6::kDestination);
  wire::Sum addresses{kUsualPseudoHeader};
  addresses.add(source.high, source.low, destination.high, destination.low);
  return policy.is_own_ipv6(destination) &&
         !is_impossible_ipv6_source(wire::load_u8(ip + wire::ipv6::kSource), source.high) &&
         !policy.is_refused_ipv6_source(source) &&
         wire::load<std::uint16_t>(ip + wire::kIpv6HeaderLength + wire::udp::kChecksum) != 0 &&
         is_payload_usual(packet, ip + wire::kIpv6HeaderLength, addresses.unfolded(), policy);
}

}  // namespace pollux::responder
