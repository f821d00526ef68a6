// The request that nearly every client sends: untagged, no IP options or extension headers, 48
// octets of NTP in client mode, nothing behind it. Whole words are compared here instead of fields,
// and what matches becomes a reply at once. Whatever does not match is left as it is and goes the
// long way through classify_frame(), which has the reasons. The fuzzer holds the two together.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/responder/classify.h"
#include "dataplane/responder/ntp_request.h"
#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/responder/version_tally.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

// Bit n: a first octet whose low six bits, version and mode, are n makes a usual request.
inline constexpr std::uint64_t kUsualFlags = [] {
  std::uint64_t flags = 0;
  for (std::size_t i = 0; i < kFlagsRules.size(); ++i)
    flags |= std::uint64_t{kFlagsRules[i].is_usual} << i;
  return flags;
}();
static_assert([] {
  for (std::size_t i = 0; i < kFlagsRules.size(); ++i) {
    if (kFlagsRules[i].is_usual && kFlagsRules[i].reply_flags != (i ^ kModeTurn)) return false;
  }
  return true;
}());

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

inline constexpr std::size_t kTypeOffset = 2 * wire::kMacLength;
inline constexpr std::size_t kIpOffset = wire::kEthernetHeaderLength;

// UDP and NTP at a known place, but for the checksum.
[[nodiscard, gnu::always_inline]] inline bool is_payload_usual(const std::byte* udp,
                                                               const PortPolicy& policy) noexcept {
  const auto header = wire::load<std::uint64_t>(udp);
  const auto first = wire::load<std::uint64_t>(udp + wire::kUdpHeaderLength);
  return wire::has_bit(kUsualFlags, wire::octet_of(first, wire::ntp::kFlags)) &&
         policy.is_usual_udp(header) && !policy.is_denied_source_port(header);
}

[[nodiscard, gnu::always_inline]] inline bool is_checksum_right(const std::byte* udp,
                                                                wire::Sum pseudo_header) noexcept {
  pseudo_header.add_words<kUsualUdpLength / 8>(udp);
  return wire::is_valid(pseudo_header);
}

// The ports change places, and the checksum is emptied.
[[gnu::always_inline]] inline void turn_udp(std::byte* udp, const PortPolicy& policy) noexcept {
  const auto client = wire::load<std::uint16_t>(udp + wire::udp::kSourcePort);
  wire::store(udp, policy.reply_udp() |
                       wire::placed_at<std::uint64_t>(client, wire::udp::kDestinationPort));
}

// The link header and as much of the IP header as a policy knows in advance. The address of the
// sender is copied with two octets more, which are written again at once.
[[gnu::always_inline]] inline void turn_link(std::byte* frame, Family family,
                                             const PortPolicy& policy) noexcept {
  wire::store(frame, wire::load<std::uint64_t>(frame + wire::kMacLength));
  std::memcpy(frame + wire::kMacLength, policy.reply_head(family).data(),
              PortPolicy::kReplyHeadLength);
}

[[gnu::always_inline]] inline void swap_ipv6_addresses(std::byte* ip) noexcept {
  // Loaded again as whole vectors: with the words that were compared the compiler makes a detour
  // through memory.
  const auto source = wire::load_ipv6(ip + wire::ipv6::kSource);
  const auto destination = wire::load_ipv6(ip + wire::ipv6::kDestination);
  std::memcpy(ip + wire::ipv6::kSource, &destination, sizeof destination);
  std::memcpy(ip + wire::ipv6::kDestination, &source, sizeof source);
}

// Makes a reply of the frame but for the time, where it is a usual IPv4 request.
[[nodiscard, gnu::always_inline]] inline bool turn_usual_ipv4(const Frame& frame,
                                                              const PortPolicy& policy,
                                                              Unstamped& reply,
                                                              VersionTally& answered) noexcept {
  // Type, version, header length and total length; no fragment, UDP.
  constexpr Pattern<std::uint64_t> kStart{0xffff'ff00'ffff'0000U, 0x0800'4500'004c'0000U};
  constexpr Pattern<std::uint32_t> kRest{0x3fff'00ffU, 0x0000'0011U};
  std::byte* ip = frame.octets + kIpOffset;
  std::byte* udp = ip + wire::kIpv4HeaderLength;
  const auto source = wire::load<std::uint32_t>(ip + wire::ipv4::kSource);
  const auto destination = wire::load<std::uint32_t>(ip + wire::ipv4::kDestination);
  if (!kStart.matches(frame.octets + kTypeOffset) || !kRest.matches(ip + wire::ipv4::kFragment) ||
      !policy.is_from_station_to_us(wire::load<std::uint64_t>(frame.octets)) ||
      !policy.is_own_ipv4(destination) || policy.is_refused_ipv4_source(source) ||
      !is_payload_usual(udp, policy)) [[unlikely]]
    return false;
  const std::uint64_t addresses = std::uint64_t{source} + destination;
  const wire::Sum pseudo_header{addresses + kUsualPseudoHeader};
  if (frame.good_checksums != kAllChecksums) {
    wire::Sum header{addresses + wire::load<std::uint32_t>(ip + wire::ipv4::kTimeToLive)};
    header.add_words<1>(ip);
    if (!wire::is_valid(header) || !is_checksum_right(udp, pseudo_header)) [[unlikely]]
      return false;
  }
  turn_link(frame.octets, Family::kIpv4, policy);
  wire::store(ip + wire::ipv4::kTimeToLive, policy.reply_ipv4_rest());
  wire::store(ip + wire::ipv4::kChecksum, policy.reply_ipv4_checksum(addresses));
  wire::store(ip + wire::ipv4::kSource, destination);
  wire::store(ip + wire::ipv4::kDestination, source);
  turn_udp(udp, policy);
  reply = {.udp = udp, .sum = pseudo_header};
  answered.add(wire::load_u8(udp + wire::kUdpHeaderLength));
  return true;
}

// The same for IPv6.
[[nodiscard, gnu::always_inline]] inline bool turn_usual_ipv6(const Frame& frame,
                                                              const PortPolicy& policy,
                                                              Unstamped& reply,
                                                              VersionTally& answered) noexcept {
  // Type, version and payload length.
  constexpr Pattern<std::uint64_t> kStart{0xffff'f000'0000'ffffU, 0x86dd'6000'0000'0038U};
  std::byte* ip = frame.octets + kIpOffset;
  std::byte* udp = ip + wire::kIpv6HeaderLength;
  const auto source = load_ipv6_words(ip + wire::ipv6::kSource);
  const auto destination = load_ipv6_words(ip + wire::ipv6::kDestination);
  if (!kStart.matches(frame.octets + kTypeOffset) ||
      wire::load_u8(ip + wire::ipv6::kNextHeader) != wire::kProtocolUdp ||
      !policy.is_from_station_to_us(wire::load<std::uint64_t>(frame.octets)) ||
      !policy.is_own_ipv6(destination) ||
      is_impossible_ipv6_source(wire::octet_of(source.high, 0), source.high) ||
      policy.is_refused_ipv6_source(source) || !is_payload_usual(udp, policy) ||
      wire::load<std::uint16_t>(udp + wire::udp::kChecksum) == 0) [[unlikely]]
    return false;
  wire::Sum pseudo_header{kUsualPseudoHeader};
  pseudo_header.add(source.high, source.low, destination.high, destination.low);
  if (frame.good_checksums != kAllChecksums && !is_checksum_right(udp, pseudo_header)) [[unlikely]]
    return false;
  turn_link(frame.octets, Family::kIpv6, policy);
  swap_ipv6_addresses(ip);
  turn_udp(udp, policy);
  reply = {.udp = udp, .sum = pseudo_header};
  answered.add(wire::load_u8(udp + wire::kUdpHeaderLength));
  return true;
}

inline constexpr std::size_t kUsualIpv4Length =
    kIpOffset + wire::kIpv4HeaderLength + kUsualUdpLength;
inline constexpr std::size_t kUsualIpv6Length =
    kIpOffset + wire::kIpv6HeaderLength + kUsualUdpLength;

}  // namespace pollux::responder
