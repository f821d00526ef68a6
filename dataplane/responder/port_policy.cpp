#include "dataplane/responder/port_policy.h"

#include <bit>
#include <cstring>

#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

namespace {

// The broadcast address of the link, or the address itself where the link has none (RFC 3021).
std::uint32_t broadcast_of(const wire::Ipv4Interface& own) noexcept {
  const std::uint32_t address = own.address.as_host_integer();
  if (own.prefix_length >= 31) return wire::swap_be(address);
  return wire::swap_be(address | 0xffff'ffffU >> own.prefix_length);
}

}  // namespace

PortPolicy::PortPolicy(const PolicySettings& settings) noexcept
    : reply_ipv4_rest_{wire::swap_be(std::uint32_t{kTimeToLive} << 24U |
                                     std::uint32_t{wire::kProtocolUdp} << 16U)},
      reply_ipv4_mask_{settings.transmit_checksums ? std::uint16_t{0} : std::uint16_t{0xffff}},
      ipv4_start_{wire::swap_be(0x4500'0000U | static_cast<std::uint32_t>(settings.dscp) << 18U)},
      ntp_port_be_{wire::swap_be(settings.ntp_port)},
      type_of_service_{static_cast<std::uint8_t>(settings.dscp << 2U)},
      answers_symmetric_{settings.answers_symmetric},
      kernel_behind_port_{settings.kernel_behind_port},
      partial_checksums_{settings.partial_checksums},
      transmit_checksums_{settings.transmit_checksums},
      mac_{settings.mac} {
  std::memcpy(&mac_word_, mac_.octets.data(), mac_.octets.size());
  constexpr std::uint64_t kLength = wire::kUdpHeaderLength + wire::kNtpHeaderLength;
  usual_udp_ = wire::swap_be(std::uint64_t{settings.ntp_port} << 32U | kLength << 16U);
  prepare_reply();
  for (const auto& own : settings.ipv4) {
    if (ipv4_count_ == kMaximumAddresses) break;
    ipv4_[ipv4_count_] = std::bit_cast<std::uint32_t>(own.address.octets);
    ipv4_broadcast_[ipv4_count_] = broadcast_of(own);
    for (const std::uint32_t refused : {ipv4_[ipv4_count_], ipv4_broadcast_[ipv4_count_]}) {
      refused_filter_ |= std::uint64_t{1} << (wire::swap_be(refused) & 63U);
    }
    ++ipv4_count_;
  }
  for (const auto& own : settings.ipv6) {
    if (ipv6_count_ == kMaximumAddresses) break;
    ipv6_[ipv6_count_] = std::bit_cast<Ipv6Words>(own.address.octets);
    refused_ipv6_filter_ |= std::uint64_t{1} << (wire::swap_be(ipv6_[ipv6_count_].low) & 63U);
    ++ipv6_count_;
  }
  for (const auto vlan : settings.vlans) {
    if (vlan_count_ == kMaximumVlans) break;
    vlans_[vlan_count_++] = vlan;
  }
  if (ipv4_count_ != 0) first_ipv4_ = ipv4_[0];
  denied_[denied_count_++] = 0;
  for (const auto port : settings.denied_source_ports) {
    if (denied_count_ == denied_.size()) break;
    denied_[denied_count_++] = port;
  }
  for (const auto port : denied_) denied_filter_ |= std::uint64_t{1} << (port >> 10U);
}

void PortPolicy::prepare_reply() noexcept {
  constexpr std::uint64_t kUdpLength = wire::kUdpHeaderLength + wire::kNtpHeaderLength;
  constexpr std::uint64_t kTotalLength = wire::kIpv4HeaderLength + kUdpLength;
  reply_udp_ = wire::swap_be(std::uint64_t{wire::swap_be(ntp_port_be_)} << 48U | kUdpLength << 16U);

  const auto start = [this](Family family, std::uint16_t ether_type, std::uint64_t ip) {
    std::byte* head = reply_head_[static_cast<std::size_t>(family)].data();
    wire::store_mac(head, mac_);
    wire::store_be16(head + wire::kMacLength, ether_type);
    wire::store_be64(head + wire::kMacLength + sizeof ether_type, ip);
  };
  // RFC 6864 §4.1: the identification of an atomic datagram means nothing.
  const std::uint64_t ipv4 = std::uint64_t{0x4500'0000U} << 32U |
                             std::uint64_t{type_of_service_} << 48U | kTotalLength << 32U |
                             wire::ipv4::kDontFragment;
  start(Family::kIpv4, wire::kEtherTypeIpv4, ipv4);
  start(Family::kIpv6, wire::kEtherTypeIpv6,
        std::uint64_t{0x6000'0000U} << 32U | std::uint64_t{type_of_service_} << 52U |
            kUdpLength << 16U | std::uint64_t{wire::kProtocolUdp} << 8U | kTimeToLive);
  wire::Sum sum{reply_ipv4_rest_};
  sum.add(wire::swap_be(ipv4));
  reply_ipv4_sum_ = sum.fold();
}

bool PortPolicy::is_further_ipv4(std::uint32_t address) const noexcept {
  return std::find(ipv4_.begin(), ipv4_.begin() + ipv4_count_, address) !=
         ipv4_.begin() + ipv4_count_;
}

bool PortPolicy::is_further_ipv6(Ipv6Words address) const noexcept {
  return std::find(ipv6_.begin(), ipv6_.begin() + ipv6_count_, address) !=
         ipv6_.begin() + ipv6_count_;
}

bool PortPolicy::is_refused_ipv4_source_exactly(std::uint32_t address) const noexcept {
  const auto end = ipv4_broadcast_.begin() + ipv4_count_;
  return is_own_ipv4(address) || std::find(ipv4_broadcast_.begin(), end, address) != end;
}

bool PortPolicy::is_denied_source_port_exactly(std::uint16_t port) const noexcept {
  return std::find(denied_.begin(), denied_.begin() + denied_count_, port) !=
         denied_.begin() + denied_count_;
}

}  // namespace pollux::responder
