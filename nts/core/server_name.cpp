#include "nts/core/server_name.h"

#include <algorithm>
#include <optional>

namespace pollux::nts {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_number(std::string_view text) noexcept { return std::ranges::all_of(text, is_digit); }

// 0 to 255 in decimal. A leading zero would be octal to some readers.
bool is_decimal_octet(std::string_view text) noexcept {
  if (text.empty() || text.size() > 3 || !is_number(text)) return false;
  if (text.front() == '0') return text.size() == 1;
  return text.size() < 3 || text <= "255";
}

bool is_ipv4(std::string_view text) noexcept {
  for (int dots = 3; dots > 0; --dots) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || !is_decimal_octet(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_decimal_octet(text);
}

// How many groups of 16 bits stand between colons; nothing where something else does. The last one
// of an address may be an IPv4 address for two of them (RFC 4291 §2.2).
std::optional<int> groups_in(std::string_view text, bool ends_address) noexcept {
  if (text.empty()) return 0;
  for (int groups = 0;; ++groups) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    const bool is_last = colon == std::string_view::npos;
    if (is_last && ends_address && is_ipv4(group)) return groups + 2;
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex_digit))
      return std::nullopt;
    if (is_last) return groups + 1;
    text.remove_prefix(colon + 1);
  }
}

bool is_ipv6(std::string_view text) noexcept {
  constexpr int kGroups = 8;
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return groups_in(text, true) == kGroups;
  const auto before = groups_in(text.substr(0, gap), false);
  const auto after = groups_in(text.substr(gap + 2), true);
  return before && after && *before + *after < kGroups;
}

bool is_label(std::string_view text) noexcept {
  constexpr std::size_t kLongestLabel = 63;  // RFC 1035 §2.3.4
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
         text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_domain_name(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() >= kLongestServerName) return false;
  for (;;) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (!is_label(label)) return false;
    // RFC 1123 §2.1: the last label is alphabetic, so that a bad address is no name.
    if (dot == std::string_view::npos) return !is_number(label);
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_server_name(std::string_view text) noexcept {
  return is_ipv4(text) || is_ipv6(text) || is_domain_name(text);
}

}  // namespace pollux::nts
