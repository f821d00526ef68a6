// Addresses from and to their written form. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "dataplane/wire/address.h"

namespace pollux::control {

using InterfaceAddress = std::variant<wire::Ipv4Interface, wire::Ipv6Interface>;

// "192.0.2.1/24", "2001:db8::1"; without a prefix length /32 or /128. The error tells what is wrong
// with it, addresses that no host may own included (multicast, loopback, 240.0.0.0/4, ...).
[[nodiscard]] std::expected<InterfaceAddress, std::string> parse_interface_address(
    std::string_view text);

[[nodiscard]] std::optional<wire::Ipv4Address> parse_ipv4(std::string_view text);

using IpAddress = std::variant<wire::Ipv4Address, wire::Ipv6Address>;

// An address without a prefix length, to listen at or to be told to others: not one of a group, nor
// an IPv4 address inside an IPv6 one. The error tells what is wrong with it.
[[nodiscard]] std::expected<IpAddress, std::string> parse_ip_address(std::string_view text);

[[nodiscard]] std::string to_string(const wire::Ipv4Address& address);
[[nodiscard]] std::string to_string(const wire::Ipv6Address& address);
[[nodiscard]] std::string to_string(const IpAddress& address);
[[nodiscard]] std::string to_string(const wire::MacAddress& address);
[[nodiscard]] std::string to_string(const wire::Ipv4Interface& address);  // with prefix length
[[nodiscard]] std::string to_string(const wire::Ipv6Interface& address);  // with prefix length

// A PCI address in the form dddd:bb:dd.f in lower case; the domain may be left out of `text`.
[[nodiscard]] std::optional<std::string> normalised_pci_address(std::string_view text);

}  // namespace pollux::control
