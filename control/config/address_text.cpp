#include "control/config/address_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace pollux::control {
namespace {

constexpr std::uint8_t kLongestPointToPoint = 31;  // RFC 3021: no broadcast address from here on

template <typename Address>
std::optional<Address> parse_address(int family, std::string_view text) {
  Address address;
  if (text.find('\0') != std::string_view::npos ||
      inet_pton(family, std::string(text).c_str(), address.octets.data()) != 1) {
    return std::nullopt;
  }
  return address;
}

template <typename Address>
std::string written(int family, const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, address.octets.data(), text.data(), text.size());
  return text.data();
}

std::optional<std::uint8_t> parse_prefix_length(std::string_view text, std::uint8_t longest) {
  std::uint8_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size() || length < 1 || length > longest) {
    return std::nullopt;
  }
  return length;
}

// Why no host may own this address, or null. RFC 1122 §3.2.1.3.
const char* refusal(const wire::Ipv4Interface& own) {
  const std::uint8_t first = own.address.octets[0];
  if (own.address.as_host_integer() == 0xffffffffU) {
    return "is the broadcast address";
  }
  if (first == 0) {
    return "is an unspecified address";
  }
  if (first == 127) {
    return "is a loopback address";
  }
  if (first >= 240) {
    return "is in the reserved block 240.0.0.0/4";
  }
  if (first >= 224) {
    return "is a multicast address";
  }
  if (own.prefix_length < kLongestPointToPoint) {
    const std::uint32_t host_mask = 0xffffffffU >> own.prefix_length;
    const std::uint32_t host = own.address.as_host_integer() & host_mask;
    if (host == 0) {
      return "is the network address of its prefix";
    }
    if (host == host_mask) {
      return "is the broadcast address of its prefix";
    }
  }
  return nullptr;
}

constexpr const char* kNoAddress = "is not an IPv4 or IPv6 address";
constexpr const char* kMapped = "is an IPv4-mapped address; write the IPv4 address";

bool is_ipv4_mapped(const wire::Ipv6Address& address) {
  constexpr std::array<std::uint8_t, 12> kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kPrefix.begin(), kPrefix.end(), address.octets.begin());
}

// RFC 4291 §2.5.
const char* refusal(const wire::Ipv6Interface& own) {
  constexpr wire::Ipv6Address kLoopback = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  if (own.address.is_multicast()) {
    return "is a multicast address";
  }
  if (own.address.is_unspecified()) {
    return "is the unspecified address";
  }
  if (own.address == kLoopback) {
    return "is the loopback address";
  }
  return is_ipv4_mapped(own.address) ? kMapped : nullptr;
}

template <typename Interface>
std::expected<InterfaceAddress, std::string> with_prefix(Interface own,
                                                         std::optional<std::string_view> prefix) {
  if (prefix) {
    const auto length = parse_prefix_length(*prefix, own.prefix_length);
    if (!length) {
      return std::unexpected(
          fmt::format("has a prefix length that is not in 1 to {}", own.prefix_length));
    }
    own.prefix_length = *length;
  }
  if (const char* reason = refusal(own)) {
    return std::unexpected(reason);
  }
  return own;
}

}  // namespace

std::expected<InterfaceAddress, std::string> parse_interface_address(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  std::optional<std::string_view> prefix;
  if (slash != std::string_view::npos) {
    prefix = text.substr(slash + 1);
  }
  if (const auto ipv4 = parse_ipv4(address)) {
    return with_prefix(wire::Ipv4Interface{*ipv4}, prefix);
  }
  if (const auto ipv6 = parse_address<wire::Ipv6Address>(AF_INET6, address)) {
    return with_prefix(wire::Ipv6Interface{*ipv6}, prefix);
  }
  return std::unexpected(kNoAddress);
}

std::optional<wire::Ipv4Address> parse_ipv4(std::string_view text) {
  return parse_address<wire::Ipv4Address>(AF_INET, text);
}

std::expected<IpAddress, std::string> parse_ip_address(std::string_view text) {
  constexpr std::uint8_t kFirstGroupOctet = 224;
  if (const auto ipv4 = parse_ipv4(text)) {
    if (ipv4->octets[0] >= kFirstGroupOctet) return std::unexpected("is no address of one host");
    return *ipv4;
  }
  const auto ipv6 = parse_address<wire::Ipv6Address>(AF_INET6, text);
  if (!ipv6) return std::unexpected(kNoAddress);
  if (ipv6->is_multicast()) return std::unexpected("is no address of one host");
  if (is_ipv4_mapped(*ipv6)) return std::unexpected(kMapped);
  return *ipv6;
}

std::string to_string(const wire::Ipv4Address& address) { return written(AF_INET, address); }

std::string to_string(const wire::Ipv6Address& address) { return written(AF_INET6, address); }

std::string to_string(const IpAddress& address) {
  return std::visit([](const auto& version) { return to_string(version); }, address);
}

std::string to_string(const wire::MacAddress& address) {
  return fmt::format("{:02x}", fmt::join(address.octets, ":"));
}

std::string to_string(const wire::Ipv4Interface& address) {
  return fmt::format("{}/{}", to_string(address.address), address.prefix_length);
}

std::string to_string(const wire::Ipv6Interface& address) {
  return fmt::format("{}/{}", to_string(address.address), address.prefix_length);
}

std::optional<std::string> normalised_pci_address(std::string_view text) {
  std::string address(text);
  std::ranges::transform(address, address.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'F' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  if (address.size() == std::string_view("bb:dd.f").size()) {
    address.insert(0, "0000:");
  }
  constexpr std::string_view kForm = "xxxx:xx:xx.7";
  const bool good = std::ranges::equal(address, kForm, [](char letter, char form) {
    const bool octal = letter >= '0' && letter <= '7';
    const bool hex = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
    return form == 'x' ? hex : form == '7' ? octal : letter == form;
  });
  return good ? std::optional(address) : std::nullopt;
}

}  // namespace pollux::control
