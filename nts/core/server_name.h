// How a server may be named in the record for it. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace pollux::nts {

// A domain name of 255 octets (RFC 1035 §2.3.4) in text, with a dot behind it; no address is
// longer.
inline constexpr std::size_t kLongestServerName = 254;

// RFC 8915 §4.1.7: an IPv4 address in dotted decimal, an IPv6 address as in RFC 4291 §2.2 without
// a zone, or a domain name of letters, digits and hyphens (RFC 1123 §2.1).
[[nodiscard]] bool is_server_name(std::string_view text) noexcept;

}  // namespace pollux::nts
