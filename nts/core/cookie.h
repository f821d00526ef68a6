// The cookie: what a client brings back to a server that remembers nothing (RFC 8915 §6). The
// layout is chrony's, so that servers of both kinds can share keys:
//
//   key id (4, big-endian) | nonce (16) | AES-SIV-CMAC-256 tag (16) | encrypted C2S | encrypted S2C
//
// The tag is made over three components (RFC 5297 §2.4): no associated data, which is an empty
// component and not an absent one, then the nonce, then the keys. The length tells the AEAD of the
// keys and never changes (RFC 8915 §5.5). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "nts/core/aead_id.h"

namespace pollux::nts {

inline constexpr std::size_t kCookieIdLength = 4;
inline constexpr std::size_t kCookieNonceLength = 16;
inline constexpr std::size_t kCookieHeaderLength = kCookieIdLength + kCookieNonceLength;

[[nodiscard]] constexpr std::size_t cookie_length(AeadId id) noexcept {
  return kCookieHeaderLength + kTagLength + 2 * key_length(id);
}
inline constexpr std::size_t kLongestCookie = cookie_length(AeadId::kAesSivCmac256);
static_assert(kLongestCookie == 100 && cookie_length(AeadId::kAes128GcmSiv) == 68);

// A cookie taken apart, not yet opened; views of the octets it was made of.
struct CookieView {
  AeadId aead = AeadId::kAesSivCmac256;  // of the keys inside
  std::uint32_t key_id = 0;
  std::span<const std::byte> nonce;   // kCookieNonceLength octets
  std::span<const std::byte> sealed;  // tag and encrypted keys
};

// Nothing where the length is none of a cookie.
[[nodiscard]] std::optional<CookieView> parse_cookie(std::span<const std::byte> octets) noexcept;

// Writes key id and nonce to the front of a cookie; the rest is the seal's.
void write_cookie_header(std::span<std::byte, kCookieHeaderLength> cookie, std::uint32_t key_id,
                         std::span<const std::byte, kCookieNonceLength> nonce) noexcept;

}  // namespace pollux::nts
