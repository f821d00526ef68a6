#include "dataplane/wire/ip.h"

namespace pollux::wire {

namespace {

// Longest chain of extension headers that is followed.
constexpr int kMaximumExtensionHeaders = 8;

// The two top bits of an option type say what to do with an unknown option: 00 passes it over (RFC
// 8200 §4.2).
constexpr std::uint8_t kOptionAction = 0xc0;
constexpr std::uint8_t kOptionPad1 = 0;

bool options_pass(const std::byte* options, std::size_t length) noexcept {
  std::size_t offset = 0;
  while (offset < length) {
    const std::uint8_t type = load_u8(options + offset);
    if (type == kOptionPad1) {
      ++offset;
      continue;
    }
    if ((type & kOptionAction) != 0 || length - offset < 2) return false;
    offset += 2U + load_u8(options + offset + 1);
  }
  return offset == length;
}

}  // namespace

std::expected<void, Ipv4OptionsError> check_ipv4_options(const std::byte* options,
                                                         std::size_t length) noexcept {
  constexpr std::uint8_t kEndOfList = 0;
  constexpr std::uint8_t kNoOperation = 1;
  constexpr std::uint8_t kLooseSourceRoute = 131;
  constexpr std::uint8_t kStrictSourceRoute = 137;
  std::size_t offset = 0;
  while (offset < length) {
    const std::uint8_t type = load_u8(options + offset);
    if (type == kEndOfList) return {};
    if (type == kNoOperation) {
      ++offset;
      continue;
    }
    if (length - offset < 2) return std::unexpected{Ipv4OptionsError::kMalformed};
    const std::uint8_t option_length = load_u8(options + offset + 1);
    if (option_length < 2 || option_length > length - offset) {
      return std::unexpected{Ipv4OptionsError::kMalformed};
    }
    // RFC 7126 §4.3: packets with source routes are dropped.
    if (type == kLooseSourceRoute || type == kStrictSourceRoute) {
      return std::unexpected{Ipv4OptionsError::kSourceRoute};
    }
    offset += option_length;
  }
  return {};
}

std::expected<UpperLayer, ExtensionError> find_upper_layer(const std::byte* packet,
                                                           std::size_t length) noexcept {
  std::uint8_t protocol = load_u8(packet + ipv6::kNextHeader);
  std::size_t offset = kIpv6HeaderLength;
  for (int headers = 0; headers <= kMaximumExtensionHeaders; ++headers) {
    const bool has_options =
        protocol == kProtocolHopByHop || protocol == kProtocolDestinationOptions;
    if (!has_options && protocol != kProtocolRouting && protocol != kProtocolFragment) {
      return UpperLayer{.protocol = protocol, .offset = static_cast<std::uint16_t>(offset)};
    }
    // RFC 8200 §4.1: hop-by-hop options come first or not at all.
    if (protocol == kProtocolHopByHop && headers != 0)
      return std::unexpected{ExtensionError::kMalformed};
    if (length - offset < 8) return std::unexpected{ExtensionError::kMalformed};
    const std::byte* header = packet + offset;
    const std::size_t header_length =
        protocol == kProtocolFragment ? 8U : 8U + 8U * load_u8(header + 1);
    if (header_length > length - offset) return std::unexpected{ExtensionError::kMalformed};
    if (has_options && !options_pass(header + 2, header_length - 2)) {
      return std::unexpected{ExtensionError::kRefused};
    }
    // RFC 8200 §4.4, RFC 5095: nothing is forwarded from here.
    if (protocol == kProtocolRouting && load_u8(header + 3) != 0) {
      return std::unexpected{ExtensionError::kRefused};
    }
    // Offset or more-fragments set; the reserved bits do not count.
    if (protocol == kProtocolFragment && (load_be16(header + 2) & 0xfff9U) != 0) {
      return std::unexpected{ExtensionError::kFragment};
    }
    protocol = load_u8(header);
    offset += header_length;
  }
  return std::unexpected{ExtensionError::kRefused};
}

}  // namespace pollux::wire
