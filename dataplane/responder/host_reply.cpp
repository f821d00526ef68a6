#include "dataplane/responder/host_reply.h"

#include <cstring>

#include "dataplane/responder/classify.h"
#include "dataplane/responder/reply.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

namespace {

namespace arp {  // RFC 826, Ethernet and IPv4
constexpr std::size_t kLength = 28;
constexpr std::size_t kOperation = 6;
constexpr std::size_t kSenderMac = 8;
constexpr std::size_t kSenderAddress = 14;
constexpr std::size_t kTargetMac = 18;
constexpr std::size_t kTargetAddress = 24;
constexpr std::uint64_t kEthernetIpv4Request = 0x0001'0800'0604'0001;
constexpr std::uint16_t kReply = 2;
}  // namespace arp

namespace nd {  // RFC 4861 §4.3, §4.4
constexpr std::uint8_t kSolicitation = 135;
constexpr std::uint8_t kAdvertisement = 136;
constexpr std::uint8_t kHopLimit = 255;
constexpr std::size_t kFlags = 4;
constexpr std::size_t kTarget = 8;
constexpr std::size_t kFixedLength = 24;
constexpr std::size_t kLinkAddressOption = 8;
constexpr std::size_t kAdvertisementLength = kFixedLength + kLinkAddressOption;
constexpr std::uint8_t kSourceLinkAddress = 1;
constexpr std::uint8_t kTargetLinkAddress = 2;
constexpr std::uint32_t kSolicited = 0x4000'0000;
constexpr std::uint32_t kOverride = 0x2000'0000;
}  // namespace nd

constexpr std::uint8_t kIcmpEchoReply = 0;
constexpr std::uint8_t kIcmpEchoRequest = 8;
constexpr std::uint8_t kIcmpv6EchoRequest = 128;
constexpr std::uint8_t kIcmpv6EchoReply = 129;

constexpr wire::MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};
constexpr wire::Ipv6Address kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

// ff02::1:ffXX:XXXX for the last three octets of `target` (RFC 4291 §2.7.1).
bool is_solicited_node(const std::byte* destination, const std::byte* target) noexcept {
  constexpr std::uint8_t kPrefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  return std::memcmp(destination, kPrefix, sizeof kPrefix) == 0 &&
         std::memcmp(destination + sizeof kPrefix, target + sizeof kPrefix, 3) == 0;
}

wire::Sum icmpv6_sum(const std::byte* ip, const std::byte* message, std::uint16_t length) noexcept {
  wire::Sum sum{pseudo_header_words(wire::kProtocolIcmpv6, length)};
  sum.add(ip + wire::ipv6::kSource, 2 * sizeof(wire::Ipv6Address));
  sum.add(message, length);
  return sum;
}

// RFC 4861 §7.1.1. True where the options are well-formed; `has_source` tells of a source
// link-layer address.
bool read_options(const std::byte* options, std::size_t length, bool& has_source) noexcept {
  std::size_t offset = 0;
  while (offset < length) {
    if (length - offset < 8) return false;
    const std::size_t option_length = std::size_t{8} * wire::load_u8(options + offset + 1);
    if (option_length == 0 || option_length > length - offset) return false;
    has_source |= wire::load_u8(options + offset) == nd::kSourceLinkAddress;
    offset += option_length;
  }
  return true;
}

Verdict classify_solicitation(const Packet& packet, const PortPolicy& policy) noexcept {
  const std::byte* ip = packet.frame + packet.ip_offset;
  const std::byte* message = packet.frame + packet.upper_offset;
  const bool room = packet.upper_offset + nd::kAdvertisementLength <= packet.room;
  if (packet.upper_length < nd::kFixedLength || !room) return Verdict::drop_host_packet;
  if (wire::load_u8(ip + wire::ipv6::kHopLimit) != nd::kHopLimit) return Verdict::drop_host_packet;
  bool has_source_option = false;
  if (!read_options(message + nd::kFixedLength, packet.upper_length - nd::kFixedLength,
                    has_source_option)) {
    return Verdict::drop_host_packet;
  }
  const std::byte* destination = ip + wire::ipv6::kDestination;
  const std::byte* target = message + nd::kTarget;
  const bool to_group = is_solicited_node(destination, target);
  if (!policy.is_own_ipv6(load_ipv6_words(target)) ||
      (!to_group && !policy.is_own_ipv6(load_ipv6_words(destination)))) {
    return Verdict::drop_host_packet;
  }
  const auto source = load_ipv6_words(ip + wire::ipv6::kSource);
  if (source == PortPolicy::Ipv6Words{}) {
    return to_group && !has_source_option ? Verdict::reply_neighbor : Verdict::drop_host_packet;
  }
  const bool usable =
      !is_impossible_ipv6_source(wire::load_u8(ip + wire::ipv6::kSource), source.high) &&
      !policy.is_own_ipv6(source);
  return usable ? Verdict::reply_neighbor : Verdict::drop_host_packet;
}

Verdict classify_icmpv6_echo(const Packet& packet, const PortPolicy& policy) noexcept {
  const std::byte* ip = packet.frame + packet.ip_offset;
  const auto source = load_ipv6_words(ip + wire::ipv6::kSource);
  const bool answerable =
      wire::load_mac(packet.frame) == policy.mac() &&
      policy.is_own_ipv6(load_ipv6_words(ip + wire::ipv6::kDestination)) &&
      !policy.is_own_ipv6(source) &&
      !is_impossible_ipv6_source(wire::load_u8(ip + wire::ipv6::kSource), source.high);
  return answerable ? Verdict::reply_echo : Verdict::drop_host_packet;
}

}  // namespace

Verdict classify_arp(const Packet& packet, const PortPolicy& policy) noexcept {
  if (policy.kernel_behind_port()) return Verdict::to_kernel;
  if (packet.length < packet.ip_offset + arp::kLength) return Verdict::drop_truncated;
  const std::byte* header = packet.frame + packet.ip_offset;
  const bool is_request = wire::load_be64(header) == arp::kEthernetIpv4Request;
  const bool is_ours = policy.is_own_ipv4(wire::load<std::uint32_t>(header + arp::kTargetAddress));
  const bool from_us = policy.is_own_ipv4(wire::load<std::uint32_t>(header + arp::kSenderAddress));
  return is_request && is_ours && !from_us ? Verdict::reply_arp : Verdict::drop_host_packet;
}

Verdict classify_icmp(const Packet& packet, const PortPolicy& policy) noexcept {
  if (policy.kernel_behind_port()) return Verdict::to_kernel;
  if (packet.upper_length < wire::kIcmpHeaderLength) return Verdict::drop_host_packet;
  const std::byte* message = packet.frame + packet.upper_offset;
  wire::Sum sum;
  sum.add(message, packet.upper_length);
  const bool is_echo = wire::load_u8(message + wire::icmp::kType) == kIcmpEchoRequest &&
                       wire::load_u8(message + wire::icmp::kCode) == 0 && wire::is_valid(sum);
  return is_echo ? Verdict::reply_echo : Verdict::drop_host_packet;
}

Verdict classify_icmpv6(const Packet& packet, const PortPolicy& policy) noexcept {
  if (policy.kernel_behind_port()) return Verdict::to_kernel;
  if (packet.upper_length < wire::kIcmpHeaderLength) return Verdict::drop_host_packet;
  const std::byte* message = packet.frame + packet.upper_offset;
  const std::uint8_t type = wire::load_u8(message + wire::icmp::kType);
  if (type != nd::kSolicitation && type != kIcmpv6EchoRequest) return Verdict::drop_host_packet;
  const auto sum = icmpv6_sum(packet.frame + packet.ip_offset, message, packet.upper_length);
  if (wire::load_u8(message + wire::icmp::kCode) != 0 || !wire::is_valid(sum)) {
    return Verdict::drop_host_packet;
  }
  return type == nd::kSolicitation ? classify_solicitation(packet, policy)
                                   : classify_icmpv6_echo(packet, policy);
}

void answer_arp(Packet& packet, const PortPolicy& policy) noexcept {
  std::byte* header = packet.frame + packet.ip_offset;
  const auto asked = wire::load<std::uint32_t>(header + arp::kTargetAddress);
  std::memcpy(header + arp::kTargetMac, header + arp::kSenderMac, wire::kMacLength + sizeof asked);
  wire::store_mac(header + arp::kSenderMac, policy.mac());
  wire::store(header + arp::kSenderAddress, asked);
  wire::store_be16(header + arp::kOperation, arp::kReply);
  std::memcpy(packet.frame, packet.frame + wire::kMacLength, wire::kMacLength);
  wire::store_mac(packet.frame + wire::kMacLength, policy.mac());
  packet.length = static_cast<std::uint16_t>(packet.ip_offset + arp::kLength);
}

void answer_neighbor(Packet& packet, const PortPolicy& policy) noexcept {
  auto asker = wire::load_ipv6(packet.frame + packet.ip_offset + wire::ipv6::kSource);
  std::byte* ip = turn_link(packet, wire::kIpv6HeaderLength, policy);
  std::byte* message = packet.frame + packet.upper_offset;
  std::uint32_t flags = nd::kOverride | nd::kSolicited;
  if (asker.is_unspecified()) {  // RFC 4861 §7.2.4: a tentative address is answered to everybody
    asker = kAllNodes;
    flags = nd::kOverride;
    wire::store_mac(packet.frame, kAllNodesMac);
  }
  constexpr auto kLength = static_cast<std::uint16_t>(nd::kAdvertisementLength);
  write_ipv6_start(ip, wire::kProtocolIcmpv6, kLength, nd::kHopLimit, policy);
  std::memcpy(ip + wire::ipv6::kSource, message + nd::kTarget, asker.octets.size());
  std::memcpy(ip + wire::ipv6::kDestination, asker.octets.data(), asker.octets.size());
  wire::store_be32(message, std::uint32_t{nd::kAdvertisement} << 24U);
  wire::store_be32(message + nd::kFlags, flags);
  std::byte* option = message + nd::kFixedLength;
  wire::store_u8(option, nd::kTargetLinkAddress);
  wire::store_u8(option + 1, 1);  // length in units of 8 octets
  wire::store_mac(option + 2, policy.mac());
  wire::store(message + wire::icmp::kChecksum, icmpv6_sum(ip, message, kLength).checksum());
  packet.length = static_cast<std::uint16_t>(packet.upper_offset + kLength);
}

void answer_echo(Packet& packet, const PortPolicy& policy) noexcept {
  const bool is_ipv4 = packet.family == Family::kIpv4;
  const auto protocol = is_ipv4 ? wire::kProtocolIcmp : wire::kProtocolIcmpv6;
  std::byte* message = turn_packet(packet, protocol, packet.upper_length, policy);
  wire::store_u8(message, is_ipv4 ? kIcmpEchoReply : kIcmpv6EchoReply);
  // Summed again in full: an update in place gets the sum of all-zero octets wrong (RFC 1624 §3).
  wire::store(message + wire::icmp::kChecksum, std::uint16_t{0});
  wire::Sum sum;
  if (is_ipv4) {
    sum.add(message, packet.upper_length);
  } else {
    sum = icmpv6_sum(packet.frame + packet.ip_offset, message, packet.upper_length);
  }
  wire::store(message + wire::icmp::kChecksum, sum.checksum());
}

}  // namespace pollux::responder
