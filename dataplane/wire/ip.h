// IPv4 and IPv6 headers (RFC 791, RFC 8200): offsets, options, extension headers. Pure.
// Every function reads only within the length that it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>

#include "dataplane/wire/address.h"
#include "dataplane/wire/be.h"

namespace pollux::wire {

inline constexpr std::size_t kIpv4HeaderLength = 20;  // without options
inline constexpr std::size_t kIpv6HeaderLength = 40;

enum IpProtocol : std::uint8_t {
  kProtocolHopByHop = 0,
  kProtocolIcmp = 1,
  kProtocolUdp = 17,
  kProtocolRouting = 43,
  kProtocolFragment = 44,
  kProtocolIcmpv6 = 58,
  kProtocolDestinationOptions = 60,
};

// Offsets of IPv4 fields.
namespace ipv4 {
inline constexpr std::size_t kTypeOfService = 1;
inline constexpr std::size_t kTotalLength = 2;
inline constexpr std::size_t kIdentification = 4;
inline constexpr std::size_t kFragment = 6;
inline constexpr std::size_t kTimeToLive = 8;
inline constexpr std::size_t kProtocol = 9;
inline constexpr std::size_t kChecksum = 10;
inline constexpr std::size_t kSource = 12;
inline constexpr std::size_t kDestination = 16;
inline constexpr std::uint16_t kDontFragment = 0x4000;
inline constexpr std::uint16_t kMoreFragmentsOrOffset = 0x3fff;
}  // namespace ipv4

// Offsets of IPv6 fields.
namespace ipv6 {
inline constexpr std::size_t kPayloadLength = 4;
inline constexpr std::size_t kNextHeader = 6;
inline constexpr std::size_t kHopLimit = 7;
inline constexpr std::size_t kSource = 8;
inline constexpr std::size_t kDestination = 24;
}  // namespace ipv6

[[nodiscard]] inline Ipv4Address load_ipv4(const std::byte* from) noexcept {
  Ipv4Address address;
  std::memcpy(address.octets.data(), from, address.octets.size());
  return address;
}
[[nodiscard]] inline Ipv6Address load_ipv6(const std::byte* from) noexcept {
  Ipv6Address address;
  std::memcpy(address.octets.data(), from, address.octets.size());
  return address;
}

enum class Ipv4OptionsError : std::uint8_t { kMalformed, kSourceRoute };

// Walks the options of an IPv4 header (RFC 791 §3.1). Unknown ones are passed over (RFC 1122
// §3.2.1.8).
[[nodiscard]] std::expected<void, Ipv4OptionsError> check_ipv4_options(const std::byte* options,
                                                                       std::size_t length) noexcept;

enum class ExtensionError : std::uint8_t { kMalformed, kFragment, kRefused };

// Where the upper-layer header of an IPv6 packet is.
struct UpperLayer {
  std::uint8_t protocol = 0;
  std::uint16_t offset = 0;  // from the start of the packet
};

// Walks the extension headers (RFC 8200 §4). `packet` starts with the fixed header, `length` is
// that header and its payload. An atomic fragment is passed (RFC 6946), any other is kFragment.
// Options that ask to be discarded and routing headers with segments left are kRefused.
[[nodiscard]] std::expected<UpperLayer, ExtensionError> find_upper_layer(
    const std::byte* packet, std::size_t length) noexcept;

}  // namespace pollux::wire
