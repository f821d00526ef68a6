#include "dataplane/responder/classify.h"

#include "dataplane/responder/host_reply.h"
#include "dataplane/responder/ntp_request.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

namespace {

constexpr wire::MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// What is not for us goes to the kernel where one stands behind the port, else nowhere.
Verdict not_ours(const PortPolicy& policy, Verdict reason) noexcept {
  return policy.kernel_behind_port() ? Verdict::to_kernel : reason;
}

// A peer on this host that leaves the checksum to its network card sends only the sum of the pseudo
// header.
Verdict classify_bad_udp_checksum(const Packet& packet, const PortPolicy& policy) noexcept {
  const auto field =
      wire::load<std::uint16_t>(packet.frame + packet.upper_offset + wire::udp::kChecksum);
  const bool unfinished = policy.partial_checksums() && field == packet.sum.fold();
  return unfinished ? Verdict::reply_plain : Verdict::drop_udp_checksum;
}

// UDP to one of our addresses; `addresses` sums both, `length` is what the IP header leaves. Leaves
// the sum of the pseudo header in packet.sum: turning a packet of the same length round does not
// change it.
Verdict classify_udp(Packet& packet, std::size_t length, std::uint64_t addresses,
                     const PortPolicy& policy) noexcept {
  const std::byte* udp = packet.frame + packet.upper_offset;
  if (length < wire::kUdpHeaderLength) [[unlikely]]
    return Verdict::drop_udp_length;
  if (wire::load<std::uint16_t>(udp + wire::udp::kDestinationPort) != policy.ntp_port_be())
      [[unlikely]]
    return not_ours(policy, Verdict::drop_port);
  const std::uint16_t udp_length = wire::load_be16(udp + wire::udp::kLength);
  if (udp_length <= wire::kUdpHeaderLength || udp_length > length) [[unlikely]]
    return Verdict::drop_udp_length;
  packet.upper_length = udp_length;
  const std::uint16_t source_port = wire::load_be16(udp + wire::udp::kSourcePort);
  if (policy.is_denied_source_port(wire::load<std::uint64_t>(udp))) [[unlikely]]
    return Verdict::drop_source_port;

  packet.sum = wire::Sum{addresses};
  packet.sum.add(pseudo_header_words(wire::kProtocolUdp, udp_length));
  if (wire::load<std::uint16_t>(udp + wire::udp::kChecksum) == 0) [[unlikely]] {
    // RFC 768: no checksum was made. RFC 8200 §8.1: over IPv6 there must be one.
    if (packet.family == Family::kIpv6) return Verdict::drop_udp_checksum;
  } else if ((packet.good_checksums & kUdpChecksum) == 0) {
    wire::Sum sum = packet.sum;
    sum.add_words<wire::kUdpHeaderLength / 8>(udp);
    if (udp_length == kUsualUdpLength) [[likely]] {
      sum.add_words<wire::kNtpHeaderLength / 8>(udp + wire::kUdpHeaderLength);
    } else {
      sum.add(udp + wire::kUdpHeaderLength, udp_length - wire::kUdpHeaderLength);
    }
    if (!wire::is_valid(sum)) [[unlikely]] {
      const Verdict verdict = classify_bad_udp_checksum(packet, policy);
      if (verdict != Verdict::reply_plain) return verdict;
    }
  }
  return classify_ntp(packet, udp + wire::kUdpHeaderLength, udp_length - wire::kUdpHeaderLength,
                      source_port, policy);
}

Verdict classify_ipv4_options(const Packet& packet, std::size_t header_length) noexcept {
  const auto checked =
      wire::check_ipv4_options(packet.frame + packet.ip_offset + wire::kIpv4HeaderLength,
                               header_length - wire::kIpv4HeaderLength);
  if (checked) return Verdict::reply_plain;
  return checked.error() == wire::Ipv4OptionsError::kSourceRoute ? Verdict::drop_source_route
                                                                 : Verdict::drop_ip_header;
}

Verdict classify_ipv4(Packet& packet, const PortPolicy& policy) noexcept {
  const std::byte* ip = packet.frame + packet.ip_offset;
  const std::size_t available = packet.length - packet.ip_offset;
  if (available < wire::kIpv4HeaderLength) [[unlikely]]
    return Verdict::drop_truncated;
  const std::uint8_t version_and_length = wire::load_u8(ip);
  const std::size_t header_length = std::size_t{4} * (version_and_length & 0x0fU);
  const std::size_t total_length = wire::load_be16(ip + wire::ipv4::kTotalLength);
  if (version_and_length >> 4U != 4 || header_length < wire::kIpv4HeaderLength ||
      total_length < header_length || total_length > available) [[unlikely]]
    return Verdict::drop_ip_header;
  if ((packet.good_checksums & kIpChecksum) == 0) {
    wire::Sum sum;
    sum.add(ip, wire::kIpv4HeaderLength);
    if (header_length != wire::kIpv4HeaderLength) [[unlikely]]
      sum.add(ip + wire::kIpv4HeaderLength, header_length - wire::kIpv4HeaderLength);
    if (!wire::is_valid(sum)) [[unlikely]]
      return Verdict::drop_ip_checksum;
  }
  const auto source = wire::load<std::uint32_t>(ip + wire::ipv4::kSource);
  const auto destination = wire::load<std::uint32_t>(ip + wire::ipv4::kDestination);
  if (!policy.is_own_ipv4(destination)) [[unlikely]]
    return not_ours(policy, Verdict::drop_destination);
  if (policy.is_refused_ipv4_source(source)) [[unlikely]]
    return Verdict::drop_source;
  if (header_length != wire::kIpv4HeaderLength) [[unlikely]] {
    const Verdict verdict = classify_ipv4_options(packet, header_length);
    if (verdict != Verdict::reply_plain) return verdict;
  }
  if ((wire::load_be16(ip + wire::ipv4::kFragment) & wire::ipv4::kMoreFragmentsOrOffset) != 0)
      [[unlikely]]
    return not_ours(policy, Verdict::drop_fragment);

  packet.family = Family::kIpv4;
  packet.upper_offset = static_cast<std::uint16_t>(packet.ip_offset + header_length);
  packet.upper_length = static_cast<std::uint16_t>(total_length - header_length);
  const std::uint8_t protocol = wire::load_u8(ip + wire::ipv4::kProtocol);
  if (protocol != wire::kProtocolUdp) [[unlikely]]
    return protocol == wire::kProtocolIcmp ? classify_icmp(packet, policy)
                                           : not_ours(policy, Verdict::drop_protocol);
  return classify_udp(packet, packet.upper_length, std::uint64_t{source} + destination, policy);
}

struct ExtensionResult {
  Verdict verdict;        // reply_plain: go on
  std::uint8_t protocol;  // of the upper layer
  std::uint16_t offset;   // of the upper-layer header, from the IPv6 header
};

ExtensionResult classify_ipv6_extensions(const Packet& packet, std::size_t length) noexcept {
  const auto upper = wire::find_upper_layer(packet.frame + packet.ip_offset, length);
  if (upper)
    return {.verdict = Verdict::reply_plain, .protocol = upper->protocol, .offset = upper->offset};
  const bool fragment = upper.error() == wire::ExtensionError::kFragment;
  return {.verdict = fragment ? Verdict::drop_fragment : Verdict::drop_ipv6_extension,
          .protocol = 0,
          .offset = 0};
}

Verdict classify_ipv6(Packet& packet, const PortPolicy& policy) noexcept {
  const std::byte* ip = packet.frame + packet.ip_offset;
  const std::size_t available = packet.length - packet.ip_offset;
  if (available < wire::kIpv6HeaderLength) [[unlikely]]
    return Verdict::drop_truncated;
  std::size_t length = wire::load_be16(ip + wire::ipv6::kPayloadLength);
  if (wire::load_u8(ip) >> 4U != 6 || length > available - wire::kIpv6HeaderLength) [[unlikely]]
    return Verdict::drop_ip_header;
  std::size_t upper = wire::kIpv6HeaderLength;
  std::uint8_t protocol = wire::load_u8(ip + wire::ipv6::kNextHeader);
  if (protocol != wire::kProtocolUdp) [[unlikely]] {
    const auto result = classify_ipv6_extensions(packet, upper + length);
    if (result.verdict != Verdict::reply_plain) return not_ours(policy, result.verdict);
    protocol = result.protocol;
    length -= result.offset - upper;
    upper = result.offset;
  }
  packet.family = Family::kIpv6;
  packet.upper_offset = static_cast<std::uint16_t>(packet.ip_offset + upper);
  packet.upper_length = static_cast<std::uint16_t>(length);
  if (protocol == wire::kProtocolIcmpv6) [[unlikely]]
    return classify_icmpv6(packet, policy);

  const auto source = load_ipv6_words(ip + wire::ipv6::kSource);
  const auto destination = load_ipv6_words(ip + wire::ipv6::kDestination);
  if (!policy.is_own_ipv6(destination)) [[unlikely]]
    return not_ours(policy, Verdict::drop_destination);
  if (is_impossible_ipv6_source(wire::load_u8(ip + wire::ipv6::kSource), source.high) ||
      policy.is_refused_ipv6_source(source)) [[unlikely]]
    return Verdict::drop_source;
  if (protocol != wire::kProtocolUdp) [[unlikely]]
    return not_ours(policy, Verdict::drop_protocol);
  wire::Sum addresses;
  addresses.add(source.high, source.low, destination.high, destination.low);
  return classify_udp(packet, length, addresses.unfolded(), policy);
}

// A multicast frame is for us only where it can be a neighbour solicitation: to a MAC address that
// IPv6 groups have (RFC 2464 §7).
bool may_be_neighbor_discovery(const Packet& packet, std::uint16_t ether_type) noexcept {
  constexpr std::uint16_t kIpv6GroupMac = 0x3333;
  return ether_type == wire::kEtherTypeIpv6 && wire::load_be16(packet.frame) == kIpv6GroupMac &&
         packet.length - packet.ip_offset > static_cast<int>(wire::ipv6::kNextHeader) &&
         wire::load_u8(packet.frame + packet.ip_offset + wire::ipv6::kNextHeader) ==
             wire::kProtocolIcmpv6;
}

// The EtherType behind the tags, or 0 where the verdict is final.
struct LinkResult {
  Verdict verdict;
  std::uint16_t ether_type;
};

LinkResult final_verdict(Verdict verdict) noexcept { return {.verdict = verdict, .ether_type = 0}; }

// Frames that are neither plain IPv4 nor plain IPv6 to us: tags, ARP, multicast. Sets
// packet.ip_offset.
LinkResult classify_other_link(Packet& packet, const PortPolicy& policy) noexcept {
  const auto link = wire::parse_link_header(packet.frame, packet.length);
  if (!link) {
    return final_verdict(link.error() == wire::LinkError::kTruncated
                             ? Verdict::drop_truncated
                             : not_ours(policy, Verdict::drop_vlan));
  }
  // VLAN 0 carries only a priority (IEEE 802.1Q §9.6).
  const bool own_tags = (link->outer_vlan == 0 || policy.is_own_vlan(link->outer_vlan)) &&
                        (link->inner_vlan == 0 || policy.is_own_vlan(link->inner_vlan));
  if (!own_tags) return final_verdict(not_ours(policy, Verdict::drop_vlan));
  packet.ip_offset = link->length;

  const auto destination = wire::load_mac(packet.frame);
  const bool own_mac = destination == policy.mac();
  if (link->ether_type == wire::kEtherTypeArp && (own_mac || destination == kBroadcastMac)) {
    return final_verdict(classify_arp(packet, policy));
  }
  // RFC 1122 §3.3.6: a unicast address in a group frame is not answered.
  if (!own_mac && !may_be_neighbor_discovery(packet, link->ether_type)) {
    return final_verdict(not_ours(policy, Verdict::drop_station));
  }
  if (link->ether_type != wire::kEtherTypeIpv4 && link->ether_type != wire::kEtherTypeIpv6) {
    return final_verdict(not_ours(policy, Verdict::drop_ether_type));
  }
  return {.verdict = Verdict::reply_plain, .ether_type = link->ether_type};
}

}  // namespace

Verdict classify_frame(Packet& packet, const PortPolicy& policy) noexcept {
  if (packet.length < wire::kEthernetHeaderLength) [[unlikely]]
    return Verdict::drop_truncated;
  // A reply goes to the sender's address, which is never a group (IEEE 802.3 §3.2.3).
  if (wire::load_mac(packet.frame + wire::kMacLength).is_group()) [[unlikely]]
    return Verdict::drop_station;
  std::uint16_t ether_type = wire::load_be16(packet.frame + 2 * wire::kMacLength);
  packet.ip_offset = wire::kEthernetHeaderLength;
  if (wire::load_mac(packet.frame) != policy.mac() ||
      (ether_type != wire::kEtherTypeIpv4 && ether_type != wire::kEtherTypeIpv6)) [[unlikely]] {
    const LinkResult link = classify_other_link(packet, policy);
    if (link.ether_type == 0) return link.verdict;
    ether_type = link.ether_type;
  }
  return ether_type == wire::kEtherTypeIpv4 ? classify_ipv4(packet, policy)
                                            : classify_ipv6(packet, policy);
}

}  // namespace pollux::responder
