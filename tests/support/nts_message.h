// NTP messages with NTS fields, built from their parts. For tests only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nts/core/aead.h"
#include "nts/core/key_ring.h"
#include "nts/core/ntp_request.h"
#include "tests/support/aead_text.h"

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

// A ring of keys that nobody else has.
inline nts::KeyRing some_ring(std::uint64_t seed) {
  Random random{seed};
  std::array<nts::KeyRing::KeyEntropy, nts::kRingKeys> entropy;
  for (auto& each : entropy) {
    std::ranges::copy(random_bytes(random, each.key.size()), each.key.begin());
    each.id = static_cast<std::uint32_t>(random.next());
  }
  return nts::KeyRing::from_entropy(entropy);
}

// With keys of its own and a cookie under the current key of the ring.
inline Client make_client(nts::Aead& back_end, const nts::KeyRing& ring, Random& random,
                          nts::AeadId aead = nts::AeadId::kAesSivCmac256) {
  Client client{.aead = aead,
                .keys = random_bytes(random, 2 * nts::key_length(aead)),
                .cookie = Bytes(nts::cookie_length(aead))};
  nts::write_cookie_header(std::span{client.cookie}.first<nts::kCookieHeaderLength>(),
                           ring.current().id,
                           fixed<nts::kCookieNonceLength>(random_bytes(random, 16)));
  const nts::CookieSealing sealing{
      .key = &ring.current(), .aead = aead, .keys = client.keys, .cookie = client.cookie};
  if (!back_end.seal_cookies({&sealing, 1})) client.cookie.clear();
  return client;
}

// A whole request, authenticated.
inline Bytes make_request(nts::Aead& back_end, const Client& client, Random& random,
                          std::size_t placeholders = 0, const Bytes& plaintext = {},
                          std::size_t identifier_octets = 32) {
  std::vector<Bytes> fields{identifier(identifier_octets), cookie(client.cookie)};
  for (std::size_t i = 0; i < placeholders; ++i)
    fields.push_back(placeholder(client.cookie.size()));
  return client.sign(back_end, message(fields),
                     random_bytes(random, nts::nonce_length(client.aead)), plaintext);
}

}  // namespace pollux::test
