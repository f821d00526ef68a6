// Link and network addresses as they stand in a packet: octets in network order, no conversions.
// Pure values; any thread, copied freely.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>

namespace pollux::wire {

// 48-bit Ethernet address (IEEE 802).
struct MacAddress {
  std::array<std::uint8_t, 6> octets{};

  // Group bit: multicast or broadcast.
  [[nodiscard]] constexpr bool is_group() const { return (octets[0] & 1U) != 0; }

  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

// IPv4 address (RFC 791), first octet first.
struct Ipv4Address {
  std::array<std::uint8_t, 4> octets{};

  [[nodiscard]] constexpr std::uint32_t as_host_integer() const {
    return static_cast<std::uint32_t>(octets[0]) << 24U |
           static_cast<std::uint32_t>(octets[1]) << 16U |
           static_cast<std::uint32_t>(octets[2]) << 8U | static_cast<std::uint32_t>(octets[3]);
  }

  friend constexpr auto operator<=>(const Ipv4Address&, const Ipv4Address&) = default;
};

// IPv6 address (RFC 4291), first octet first.
struct Ipv6Address {
  std::array<std::uint8_t, 16> octets{};

  [[nodiscard]] constexpr bool is_multicast() const { return octets[0] == 0xff; }
  [[nodiscard]] constexpr bool is_unspecified() const {
    return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
  }

  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
};

// An address of ours and the length of its on-link prefix in bits.
struct Ipv4Interface {
  Ipv4Address address;
  std::uint8_t prefix_length = 32;

  friend constexpr auto operator<=>(const Ipv4Interface&, const Ipv4Interface&) = default;
};

struct Ipv6Interface {
  Ipv6Address address;
  std::uint8_t prefix_length = 128;

  friend constexpr auto operator<=>(const Ipv6Interface&, const Ipv6Interface&) = default;
};

}  // namespace pollux::wire
