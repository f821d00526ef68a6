// Builds frames for tests from plain fields; every length and checksum is right unless a field says
// otherwise, so that a test row sets only what its name says. Pure; for tests only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

inline constexpr Mac kServerMac{0x02, 0, 0, 0, 0, 0x01};
inline constexpr Mac kClientMac{0x02, 0, 0, 0, 0, 0xc1};
inline constexpr Mac kOtherMac{0x02, 0, 0, 0, 0, 0x77};
inline constexpr Mac kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

inline constexpr std::uint16_t kTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kTypeArp = 0x0806;
inline constexpr std::uint16_t kTypeIpv6 = 0x86dd;
inline constexpr std::uint16_t kTypeVlan = 0x8100;
inline constexpr std::uint16_t kTypeServiceVlan = 0x88a8;

// 802.1Q tag: type and the 16 bits of priority, drop eligibility and VLAN.
struct Tag {
  std::uint16_t type = kTypeVlan;
  std::uint16_t control = 0;

  friend bool operator==(const Tag&, const Tag&) = default;
};

// The 48 octets of RFC 5905 §7.3.
struct NtpFields {
  unsigned leap = 0;
  unsigned version = 4;
  unsigned mode = 3;
  std::uint8_t stratum = 0;
  std::uint8_t poll = 6;
  std::uint8_t precision = 0;
  std::uint32_t root_delay = 0;
  std::uint32_t root_dispersion = 0;
  std::uint32_t reference_id = 0;
  std::uint64_t reference = 0;
  std::uint64_t origin = 0;
  std::uint64_t receive = 0;
  std::uint64_t transmit = 0xe94b'd3f1'1234'5678;
};
[[nodiscard]] Octets ntp_message(const NtpFields& fields = {});

// An extension field (RFC 7822) of `length` octets in all, zeros inside; `stated` is what its
// header says.
[[nodiscard]] Octets extension_field(std::uint16_t type, std::size_t length,
                                     std::optional<std::uint16_t> stated = std::nullopt);

enum class UdpChecksum : std::uint8_t { kRight, kWrong, kZero, kPseudoHeaderOnly };

// An Ethernet frame with an IP packet in it. IPv4 or IPv6 follows from the size of the addresses.
struct Frame {
  // Link.
  Mac destination_mac = kServerMac;
  Mac source_mac = kClientMac;
  std::vector<Tag> tags;
  std::optional<std::uint16_t> ether_type;
  Octets trailer;  // behind the IP packet

  // IP.
  Octets source = address("192.0.2.10");
  Octets destination = address("192.0.2.1");
  std::uint8_t type_of_service = 0;        // or traffic class
  std::uint8_t time_to_live = 64;          // or hop limit
  std::uint8_t protocol = 17;              // of the upper layer
  std::optional<std::uint16_t> ip_length;  // total length, or IPv6 payload length
  std::uint16_t identification = 0x1234;
  std::uint16_t fragment = 0x4000;
  Octets ipv4_options;  // a multiple of 4 octets
  std::optional<std::uint8_t> first_octet;
  bool wrong_ip_checksum = false;
  std::uint32_t flow_label = 0;
  Octets ipv6_extensions;             // headers as they stand, each naming the next
  std::uint8_t first_extension = 17;  // what the fixed header names where there are extensions

  // Upper layer: UDP with `payload`, or `upper` as it stands.
  std::uint16_t source_port = 40'000;
  std::uint16_t destination_port = 123;
  std::optional<std::uint16_t> udp_length;
  UdpChecksum udp_checksum = UdpChecksum::kRight;
  Octets payload = ntp_message();
  std::optional<Octets> upper;

  [[nodiscard]] bool is_ipv6() const { return source.size() == 16; }
  [[nodiscard]] Octets upper_layer() const;
  [[nodiscard]] Octets ip_packet() const;
  [[nodiscard]] Octets build() const;
};

// The same NTP request over IPv4 and over IPv6.
[[nodiscard]] Frame ipv4_request(const NtpFields& fields = {});
[[nodiscard]] Frame ipv6_request(const NtpFields& fields = {});

// An IPv6 extension header: next header, length and `body`, padded with PadN or Pad1 options to 8
// octets.
[[nodiscard]] Octets options_header(std::uint8_t next, const Octets& options = {});

// ICMP echo request (RFC 792), or ICMPv6 (RFC 4443) where the addresses are IPv6; checksum right.
[[nodiscard]] Frame echo_request(Frame frame, const Octets& data);

// ICMPv6 message with the checksum filled in at offset 2.
[[nodiscard]] Octets icmpv6_with_checksum(Octets message, const Octets& source,
                                          const Octets& destination);

// Neighbour solicitation (RFC 4861 §4.3) from `source` for `target`, to its solicited-node address.
[[nodiscard]] Frame solicitation(const Octets& source, const Octets& target, const Octets& options);
[[nodiscard]] Octets solicited_node(const Octets& target);
[[nodiscard]] Mac multicast_mac(const Octets& group);
[[nodiscard]] Octets link_address_option(std::uint8_t type, const Mac& mac);

// ARP (RFC 826) over Ethernet.
struct ArpFields {
  Mac destination_mac = kBroadcastMac;
  Mac source_mac = kClientMac;
  std::vector<Tag> tags;
  std::uint16_t hardware = 1;
  std::uint16_t protocol = kTypeIpv4;
  std::uint8_t hardware_length = 6;
  std::uint8_t protocol_length = 4;
  std::uint16_t operation = 1;
  Mac sender_mac = kClientMac;
  Octets sender = address("192.0.2.10");
  Mac target_mac{};
  Octets target = address("192.0.2.1");
  Octets trailer = Octets(18);
};
[[nodiscard]] Octets arp_frame(const ArpFields& fields = {});

}  // namespace pollux::test
