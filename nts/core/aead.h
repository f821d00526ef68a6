// Authenticated encryption for NTS, many operations at once: a back end works on a whole burst. A
// back end belongs to one thread; what the operations point at is the caller's. Nothing allocates
// after construction, nothing throws; of clients' keys nothing is left when a call returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "nts/core/aead_id.h"
#include "nts/core/cookie.h"
#include "nts/core/key_ring.h"

namespace pollux::nts {

// Opens one cookie. `keys` gets C2S and then S2C, key_length(cookie.aead) octets each, when good,
// and zeros otherwise.
struct CookieOpening {
  const CookieKey* key = nullptr;  // by cookie.key_id; nullptr: not good
  CookieView cookie;
  std::span<std::byte> keys;  // 2 * kLongestKey octets
  bool good = false;          // result
};

// Seals C2S and S2C into one cookie of cookie_length(aead) octets, whose header stands there
// already.
struct CookieSealing {
  const CookieKey* key = nullptr;
  AeadId aead = AeadId::kAesSivCmac256;  // of the keys
  std::span<const std::byte> keys;       // C2S and S2C, 2 * key_length(aead) octets
  std::span<std::byte> cookie;
};

// Authenticates and decrypts, RFC 8915 §5.6. `sealed` is tag and ciphertext in the order of the
// AEAD: the tag first for AES-SIV, last for AES-GCM-SIV. A nonce of a length that the AEAD cannot
// take (other than 12 octets for AES-GCM-SIV, none for AES-SIV) is not good.
struct Opening {
  AeadId aead = AeadId::kAesSivCmac256;
  std::span<const std::byte> key;  // key_length(aead) octets
  std::span<const std::byte> associated_data;
  std::span<const std::byte> nonce;
  std::span<const std::byte> sealed;  // at least kTagLength octets, else not good
  std::span<std::byte> plaintext;     // sealed.size() - kTagLength octets; zeros where not good
  bool good = false;                  // result
};

// Encrypts and authenticates; `sealed` has plaintext.size() + kTagLength octets. It may not overlap
// `plaintext`, unless the ciphertext takes exactly its place: plaintext at sealed[kTagLength] for
// AES-SIV, at sealed[0] for AES-GCM-SIV.
struct Sealing {
  AeadId aead = AeadId::kAesSivCmac256;
  std::span<const std::byte> key;
  std::span<const std::byte> associated_data;
  std::span<const std::byte> nonce;
  std::span<const std::byte> plaintext;
  std::span<std::byte> sealed;
};

class Aead {
 public:
  virtual ~Aead() = default;
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  virtual void open_cookies(std::span<CookieOpening> openings) noexcept = 0;
  virtual void open(std::span<Opening> openings) noexcept = 0;

  // True when everything is sealed. What is not, because its spans have other lengths than told
  // above, its nonce is none of the AEAD or the library below failed, is all zero.
  [[nodiscard]] virtual bool seal_cookies(std::span<const CookieSealing> sealings) noexcept = 0;
  [[nodiscard]] virtual bool seal(std::span<const Sealing> sealings) noexcept = 0;

  // Octets that nobody can foretell, for nonces, from a generator of the back end's own.
  virtual void fill_nonce(std::span<std::byte> nonce) noexcept = 0;

  // For people: the library and its path, such as "OpenSSL 3.0.15". As long-lived as the back end.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

 protected:
  Aead() = default;
};

}  // namespace pollux::nts
