// An NTP request with NTS extension fields taken apart, RFC 8915 §5: all that can be said of it
// without a key. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/responder/ntp_request.h"
#include "dataplane/responder/verdict.h"
#include "nts/core/aead_id.h"
#include "nts/core/cookie.h"

namespace pollux::nts {

// RFC 8915 §7.5.
inline constexpr std::uint16_t kUniqueIdentifierField = responder::kUniqueIdentifier;
inline constexpr std::uint16_t kCookieField = responder::kNtsCookie;
inline constexpr std::uint16_t kPlaceholderField = responder::kNtsPlaceholder;
inline constexpr std::uint16_t kAuthenticatorField = responder::kNtsAuthenticator;

// Octets of the nonce that an authenticator of ours carries; AES-GCM-SIV takes no other (RFC 8452
// §6), AES-SIV takes any, and 16 are what RFC 8915 §5.6 makes a client leave room for.
[[nodiscard]] constexpr std::size_t nonce_length(AeadId id) noexcept {
  return id == AeadId::kAesSivCmac256 ? 16 : 12;
}

// Views of the request's octets.
struct NtpRequest {
  std::span<const std::byte> identifier;       // the whole field
  std::span<const std::byte> cookie;           // the body; of whatever length, see parse_cookie()
  std::span<const std::byte> associated_data;  // from the header up to the authenticator
  std::span<const std::byte> nonce;
  std::span<const std::byte> sealed;  // ciphertext with its tag, at least kTagLength octets
  std::uint16_t placeholders = 0;     // outside of the ciphertext
};

// What becomes of a request that has NTS fields: reply_nts, where it is worth opening its cookie,
// or a reason to drop it. `message` is the UDP payload of a client's version 4 request, longer than
// the header.
[[nodiscard]] responder::Verdict take_apart(std::span<const std::byte> message,
                                            NtpRequest& request) noexcept;

// What the client encrypted, once it has been opened: fields of any length from 4 octets on, RFC
// 8915 §5.6. Gives the number of placeholders for cookies of `cookie_octets` octets in it; nothing
// where it is no list of fields, or has some that may not be there (§5.3, §5.4, §5.6, §5.7).
[[nodiscard]] std::optional<std::uint16_t> count_placeholders(std::span<const std::byte> plaintext,
                                                              std::size_t cookie_octets) noexcept;

}  // namespace pollux::nts
