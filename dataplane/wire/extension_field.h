// NTP extension fields: framing only (RFC 7822), not what they mean. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/wire/be.h"

namespace pollux::wire {

inline constexpr std::size_t kFieldHeaderLength = 4;

// RFC 7822 §3: a field has at least 16 octets, and the last one at least 28 where no MAC follows.
inline constexpr std::size_t kMinimumFieldLength = 16;
inline constexpr std::size_t kMinimumLastFieldLength = 28;

// Longest message authentication code that a rest of the packet is taken for: key id and 20 octets.
inline constexpr std::size_t kMaximumMacLength = 24;

struct ExtensionField {
  std::uint16_t type = 0;
  std::span<const std::byte> whole;  // with its header

  [[nodiscard]] std::span<const std::byte> body() const noexcept {
    return whole.subspan(kFieldHeaderLength);
  }
};

// What the octets behind the header, or behind a field, are.
enum class TrailerKind : std::uint8_t {
  kEnd,    // nothing left
  kField,  // an extension field starts here
  kMac,    // crypto-NAK or message authentication code
  kMalformed,
};

// RFC 7822 §3 and RFC 5905 §7.5: 4 octets are a crypto-NAK, 20 or 24 a MAC; only a rest of 28 or
// more can start a field, because a last field may not be shorter.
[[nodiscard]] constexpr TrailerKind classify_trailer(std::size_t octets_left) noexcept {
  switch (octets_left) {
    case 0:
      return TrailerKind::kEnd;
    case 4:
    case 20:
    case 24:
      return TrailerKind::kMac;
    default:
      return octets_left >= kMinimumLastFieldLength ? TrailerKind::kField : TrailerKind::kMalformed;
  }
}

// The field at the start of `rest`, or nothing where its length is not a multiple of 4, under 16,
// or beyond the end.
[[nodiscard]] inline std::optional<ExtensionField> read_field(
    std::span<const std::byte> rest) noexcept {
  if (rest.size() < kFieldHeaderLength) return std::nullopt;
  const std::size_t length = load_be16(rest.data() + 2);
  if (length < kMinimumFieldLength || length % 4 != 0 || length > rest.size()) return std::nullopt;
  return ExtensionField{.type = load_be16(rest.data()), .whole = rest.first(length)};
}

}  // namespace pollux::wire
