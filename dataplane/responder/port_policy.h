// What a port answers: addresses, VLANs, NTP port, refusals. Immutable once built; the control
// plane swaps whole policies, workers read them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/responder/counters.h"
#include "dataplane/wire/address.h"
#include "dataplane/wire/be.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ntp_header.h"

namespace pollux::responder {

inline constexpr std::size_t kMaximumAddresses = 64;  // of each family
inline constexpr std::size_t kMaximumVlans = 16;
inline constexpr std::size_t kMaximumDeniedPorts = 64;
inline constexpr std::uint8_t kTimeToLive = 64;  // of replies

// First octets of addresses that cannot be a source: this network, loopback, multicast, reserved
// (RFC 1122 §3.2.1.3, RFC 6890).
inline constexpr auto kImpossibleIpv4Source = [] {
  std::array<bool, 256> impossible{};
  impossible[0] = impossible[127] = true;
  for (std::size_t octet = 224; octet < impossible.size(); ++octet) impossible[octet] = true;
  return impossible;
}();

// The policy in plain values.
struct PolicySettings {
  wire::MacAddress mac;
  std::vector<wire::Ipv4Interface> ipv4;
  std::vector<wire::Ipv6Interface> ipv6;
  std::vector<std::uint16_t> vlans;
  std::vector<std::uint16_t> denied_source_ports;
  std::uint16_t ntp_port = wire::kNtpPort;
  std::uint8_t dscp = 0;            // of replies, 0..63
  bool answers_symmetric = true;    // mode 1 with mode 2
  bool kernel_behind_port = false;  // what is not ours is the kernel's, ARP and pings included
  bool partial_checksums =
      false;  // the port hands over frames of this host whose checksum is not done
  bool transmit_checksums = false;  // the port completes IPv4 and UDP checksums
};

// The policy in the form that workers compare with: addresses as they lie in a packet.
class PortPolicy {
 public:
  struct Ipv6Words {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const Ipv6Words&, const Ipv6Words&) = default;
  };

  // Takes at most the kMaximum... counts; the configuration refuses more.
  explicit PortPolicy(const PolicySettings& settings) noexcept;

  // Whether there are keys to answer NTS requests with. Before workers see the policy.
  void set_answers_nts(bool answers) noexcept { answers_nts_ = answers; }

  static constexpr std::size_t kReplyHeadLength = 16;
  using ReplyHead = std::array<std::byte, kReplyHeadLength>;

  [[nodiscard]] const wire::MacAddress& mac() const noexcept { return mac_; }
  [[nodiscard]] std::uint16_t ntp_port_be() const noexcept { return ntp_port_be_; }
  [[nodiscard]] std::uint8_t type_of_service() const noexcept { return type_of_service_; }

  // The first word of a reply's IPv4 header, in memory order, without its length: version, header
  // length, type of service.
  [[nodiscard]] std::uint32_t ipv4_start() const noexcept { return ipv4_start_; }
  [[nodiscard]] bool answers_symmetric() const noexcept { return answers_symmetric_; }
  [[nodiscard]] bool answers_nts() const noexcept { return answers_nts_; }
  [[nodiscard]] bool kernel_behind_port() const noexcept { return kernel_behind_port_; }
  [[nodiscard]] bool partial_checksums() const noexcept { return partial_checksums_; }
  [[nodiscard]] bool transmit_checksums() const noexcept { return transmit_checksums_; }

  // The first eight octets of a frame, in memory order, are our address and the start of a
  // station's: a reply goes to the sender's address, which is never a group (IEEE 802.3 §3.2.3).
  [[nodiscard]] bool is_from_station_to_us(std::uint64_t start) const noexcept {
    return (start & wire::swap_be(std::uint64_t{0xffff'ffff'ffff'0100})) == mac_word_;
  }

  [[nodiscard]] bool is_own_ipv4(std::uint32_t address) const noexcept {
    return first_ipv4_ == address || is_further_ipv4(address);
  }

  // Nobody's address, our own, or the broadcast address of one of our links (RFC 1122 §3.2.1.3).
  [[nodiscard]] bool is_refused_ipv4_source(std::uint32_t address) const noexcept {
    return impossible_[wire::octet_of(address, 0)] ||
           (wire::has_bit(refused_filter_, wire::octet_of(address, 3)) &&
            is_refused_ipv4_source_exactly(address));
  }

  // Our own IPv6 address; there is no broadcast.
  [[nodiscard]] bool is_refused_ipv6_source(const Ipv6Words& address) const noexcept {
    return wire::has_bit(refused_ipv6_filter_, wire::octet_of(address.low, 7)) &&
           is_own_ipv6(address);
  }

  [[nodiscard]] bool is_own_ipv6(const Ipv6Words& address) const noexcept {
    return (ipv6_[0] == address && ipv6_count_ != 0) || is_further_ipv6(address);
  }

  [[nodiscard]] bool is_own_vlan(std::uint16_t vlan) const noexcept {
    return std::find(vlans_.begin(), vlans_.begin() + vlan_count_, vlan) !=
           vlans_.begin() + vlan_count_;
  }

  // The first eight octets of a UDP datagram, in memory order: to the NTP port, 48 octets of
  // payload.
  [[nodiscard]] bool is_usual_udp(std::uint64_t header) const noexcept {
    return (header & wire::swap_be(std::uint64_t{0x0000'ffff'ffff'0000})) == usual_udp_;
  }

  // `header` as above; its source port. A port of 0 is always denied: it cannot be answered (RFC
  // 768).
  [[nodiscard]] bool is_denied_source_port(std::uint64_t header) const noexcept {
    return wire::has_bit(denied_filter_, wire::octet_of(header, 0) >> 2U) &&
           is_denied_source_port_exactly(static_cast<std::uint16_t>(wire::swap_be(header) >> 48U));
  }

  // What replies to usual requests have in common: the octets from our MAC address on, through the
  // start of the IP header; a UDP header without the client's port and the checksum.
  [[nodiscard]] const ReplyHead& reply_head(Family family) const noexcept {
    return reply_head_[static_cast<std::size_t>(family)];
  }
  [[nodiscard]] std::uint64_t reply_udp() const noexcept { return reply_udp_; }

  // The third word of such a reply's IPv4 header, in memory order, without the checksum; and that,
  // where `addresses` is the sum of both, or zero for a port that completes it.
  [[nodiscard]] std::uint32_t reply_ipv4_rest() const noexcept { return reply_ipv4_rest_; }
  [[nodiscard]] std::uint16_t reply_ipv4_checksum(std::uint64_t addresses) const noexcept {
    return wire::Sum{addresses + reply_ipv4_sum_}.checksum() & reply_ipv4_mask_;
  }

 private:
  void prepare_reply() noexcept;
  [[nodiscard]] bool is_further_ipv4(std::uint32_t address) const noexcept;
  [[nodiscard]] bool is_further_ipv6(Ipv6Words address) const noexcept;
  [[nodiscard]] bool is_refused_ipv4_source_exactly(std::uint32_t address) const noexcept;
  [[nodiscard]] bool is_denied_source_port_exactly(std::uint16_t port) const noexcept;

  static constexpr std::uint64_t kNoIpv4 = ~std::uint64_t{0};

  std::uint64_t mac_word_ = 0;          // followed by two zero octets
  std::uint64_t first_ipv4_ = kNoIpv4;  // wider than an address, so that none equals "none"
  std::uint64_t usual_udp_ = 0;         // destination port and length in their places
  std::uint64_t reply_udp_ = 0;         // source port and length in their places
  std::uint64_t reply_ipv4_sum_ = 0;    // of the header without addresses and checksum
  std::uint64_t denied_filter_ = 0;     // bit n: some denied port is in the n-th 1024
  std::uint64_t refused_filter_ = 0;    // bit n: some own or broadcast IPv4 address is n modulo 64
  std::uint64_t refused_ipv6_filter_ = 0;  // the same for IPv6
  std::array<ReplyHead, kFamilies> reply_head_{};
  std::uint32_t reply_ipv4_rest_;  // lifetime and protocol in their places
  std::uint16_t reply_ipv4_mask_;  // of the checksum
  std::uint32_t ipv4_start_;
  std::uint16_t ntp_port_be_;
  std::uint8_t type_of_service_;
  std::uint8_t ipv4_count_ = 0;
  std::uint8_t ipv6_count_ = 0;
  std::uint8_t vlan_count_ = 0;
  std::uint8_t denied_count_ = 0;
  bool answers_symmetric_;
  bool answers_nts_ = false;
  bool kernel_behind_port_;
  bool partial_checksums_;
  bool transmit_checksums_;
  wire::MacAddress mac_;
  // A copy beside the words above: one register leads to all that a request is compared with.
  std::array<bool, 256> impossible_{kImpossibleIpv4Source};
  std::array<std::uint32_t, kMaximumAddresses> ipv4_{};
  std::array<std::uint32_t, kMaximumAddresses> ipv4_broadcast_{};
  std::array<Ipv6Words, kMaximumAddresses> ipv6_{};
  std::array<std::uint16_t, kMaximumVlans> vlans_{};
  std::array<std::uint16_t, kMaximumDeniedPorts + 1> denied_{};
};

}  // namespace pollux::responder
