// NTP messages with NTS fields, built from their parts. For tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nts/core/aead.h"
#include "nts/core/ntp_request.h"
#include "tests/unit/nts/aead_bytes.h"

namespace pollux::test {

inline void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

inline Bytes be16(std::size_t number) {
  return {std::byte(number >> 8U & 0xffU), std::byte(number & 0xffU)};
}

// An extension field; its body is padded to a multiple of four.
inline Bytes field(std::uint16_t type, Bytes body) {
  body.resize((body.size() + 3) / 4 * 4);
  Bytes whole = be16(type);
  append(whole, be16(body.size() + 4));
  append(whole, body);
  return whole;
}

inline Bytes identifier(std::size_t octets = 32) {
  return field(nts::kUniqueIdentifierField, Bytes(octets, std::byte{0xc1}));
}
inline Bytes cookie(const Bytes& body) { return field(nts::kCookieField, body); }
inline Bytes placeholder(std::size_t octets = 100) {
  return field(nts::kPlaceholderField, Bytes(octets));
}
inline Bytes unknown_field(std::size_t octets = 12) { return field(0x7777, Bytes(octets)); }

// Both parts padded; `nonce_length` and `sealed_length` are what it says of itself.
inline Bytes authenticator_saying(const Bytes& nonce, const Bytes& sealed, std::size_t nonce_length,
                                  std::size_t sealed_length, std::size_t more_padding = 0) {
  Bytes body = be16(nonce_length);
  append(body, be16(sealed_length));
  for (Bytes part : {nonce, sealed}) {
    part.resize((part.size() + 3) / 4 * 4);
    append(body, part);
  }
  append(body, Bytes(more_padding));
  return field(nts::kAuthenticatorField, body);
}
inline Bytes authenticator(const Bytes& nonce, const Bytes& sealed, std::size_t more_padding = 0) {
  return authenticator_saying(nonce, sealed, nonce.size(), sealed.size(), more_padding);
}

inline Bytes client_header() {
  Bytes header(48);
  header[0] = std::byte{0x23};
  for (std::size_t i = 40; i < 48; ++i) header[i] = std::byte(0xa0 + i);
  return header;
}

inline Bytes message(const std::vector<Bytes>& fields) {
  Bytes whole = client_header();
  for (const Bytes& each : fields) append(whole, each);
  return whole;
}

// The message up to the authenticator, and the authenticator that makes it good.
struct Client {
  nts::AeadId aead = nts::AeadId::kAesSivCmac256;
  Bytes keys;  // C2S, S2C
  Bytes cookie;

  [[nodiscard]] Bytes key(std::size_t direction) const {
    const auto length = static_cast<std::ptrdiff_t>(nts::key_length(aead));
    const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(direction) * length;
    return {begin, begin + length};
  }

  [[nodiscard]] Bytes sign(nts::Aead& back_end, Bytes unsigned_message, const Bytes& nonce,
                           const Bytes& plaintext = {}, std::size_t more_padding = 0) const {
    const Text text{.aead = aead,
                    .key = key(0),
                    .nonce = nonce,
                    .associated_data = unsigned_message,
                    .plaintext = plaintext};
    append(unsigned_message, authenticator(nonce, seal(back_end, text), more_padding));
    return unsigned_message;
  }
};

}  // namespace pollux::test
