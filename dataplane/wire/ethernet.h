// Ethernet II frames with up to two VLAN tags (IEEE 802.3, 802.1Q). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>

#include "dataplane/wire/address.h"
#include "dataplane/wire/be.h"

namespace pollux::wire {

inline constexpr std::size_t kMacLength = 6;
inline constexpr std::size_t kEthernetHeaderLength = 14;
inline constexpr std::size_t kVlanTagLength = 4;
inline constexpr int kMaximumVlanTags = 2;

enum EtherType : std::uint16_t {
  kEtherTypeIpv4 = 0x0800,
  kEtherTypeArp = 0x0806,
  kEtherTypeVlan = 0x8100,  // 802.1Q customer tag
  kEtherTypeIpv6 = 0x86dd,
  kEtherTypeServiceVlan = 0x88a8,  // 802.1ad service tag
};

// Octets 0..5 and 6..11 of a frame.
[[nodiscard]] inline MacAddress load_mac(const std::byte* from) noexcept {
  MacAddress mac;
  std::memcpy(mac.octets.data(), from, kMacLength);
  return mac;
}
inline void store_mac(std::byte* to, const MacAddress& mac) noexcept {
  std::memcpy(to, mac.octets.data(), kMacLength);
}

// What stands between the addresses and the payload.
struct LinkHeader {
  std::uint16_t ether_type = 0;  // of the payload
  std::uint8_t length = 0;       // octets from the start of the frame to the payload
  std::uint8_t tags = 0;         // 0..2
  std::uint16_t outer_vlan = 0;  // VLAN identifiers, 0 where there is no tag or a priority tag
  std::uint16_t inner_vlan = 0;
};

[[nodiscard]] constexpr bool is_vlan_tag(std::uint16_t ether_type) noexcept {
  return ether_type == kEtherTypeVlan || ether_type == kEtherTypeServiceVlan;
}

enum class LinkError : std::uint8_t { kTruncated, kTooManyTags };

// Reads a frame of `length` octets. A third tag is an error.
[[nodiscard]] inline std::expected<LinkHeader, LinkError> parse_link_header(
    const std::byte* frame, std::size_t length) noexcept {
  if (length < kEthernetHeaderLength) return std::unexpected{LinkError::kTruncated};
  LinkHeader header{.ether_type = load_be16(frame + 2 * kMacLength),
                    .length = static_cast<std::uint8_t>(kEthernetHeaderLength)};
  while (is_vlan_tag(header.ether_type)) {
    if (header.tags == kMaximumVlanTags) return std::unexpected{LinkError::kTooManyTags};
    if (length < header.length + kVlanTagLength) return std::unexpected{LinkError::kTruncated};
    const std::uint16_t vlan = load_be16(frame + header.length) & 0x0fffU;
    (header.tags == 0 ? header.outer_vlan : header.inner_vlan) = vlan;
    header.ether_type = load_be16(frame + header.length + 2);
    header.length = static_cast<std::uint8_t>(header.length + kVlanTagLength);
    ++header.tags;
  }
  return header;
}

}  // namespace pollux::wire
