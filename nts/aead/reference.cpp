#include "nts/aead/reference.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace pollux::nts {

namespace {

// The components that a cookie's tag is made over, beside the keys: see nts/core/cookie.h.
std::array<std::span<const std::byte>, 2> cookie_components(
    std::span<const std::byte> nonce) noexcept {
  return {std::span<const std::byte>{}, nonce};
}

bool nonce_fits(AeadId aead, std::span<const std::byte> nonce) noexcept {
  return aead == AeadId::kAes128GcmSiv ? nonce.size() == AesGcmSiv::kNonceLength : !nonce.empty();
}

void zero(std::span<std::byte> octets) noexcept { std::ranges::fill(octets, std::byte{0}); }

}  // namespace

ReferenceAead::ReferenceAead()
    : name_{std::string{"OpenSSL "} + OpenSSL_version(OPENSSL_VERSION_STRING)} {}

void ReferenceAead::forget_keys() noexcept {
  siv_.forget_key();
  gcm_siv_.forget_key();
}

bool ReferenceAead::use_cookie_key(const CookieKey& key) noexcept {
  if (has_cookie_key_ && CRYPTO_memcmp(cookie_key_.key.data(), key.key.data(), key.key.size()) == 0)
    return true;
  cookie_key_ = key;
  has_cookie_key_ = cookie_siv_.set_key(key.key);
  return has_cookie_key_;
}

bool ReferenceAead::open_cookie(const CookieOpening& opening) noexcept {
  const CookieView& cookie = opening.cookie;
  const std::size_t length = 2 * key_length(cookie.aead);
  return opening.key != nullptr && cookie.sealed.size() == kTagLength + length &&
         use_cookie_key(*opening.key) &&
         cookie_siv_.open(cookie_components(cookie.nonce), cookie.sealed,
                          opening.keys.first(length));
}

void ReferenceAead::open_cookies(std::span<CookieOpening> openings) noexcept {
  for (CookieOpening& opening : openings) {
    zero(opening.keys);
    opening.good = open_cookie(opening);
  }
}

bool ReferenceAead::seal_cookie(const CookieSealing& sealing) noexcept {
  if (sealing.key == nullptr || sealing.keys.size() != 2 * key_length(sealing.aead) ||
      sealing.cookie.size() != cookie_length(sealing.aead) || !use_cookie_key(*sealing.key))
    return false;
  const auto nonce = sealing.cookie.subspan<kCookieIdLength, kCookieNonceLength>();
  return cookie_siv_.seal(cookie_components(nonce), sealing.keys,
                          sealing.cookie.subspan(kCookieHeaderLength));
}

bool ReferenceAead::seal_cookies(std::span<const CookieSealing> sealings) noexcept {
  bool all = true;
  for (const CookieSealing& sealing : sealings) {
    if (seal_cookie(sealing)) continue;
    zero(sealing.cookie);
    all = false;
  }
  return all;
}

bool ReferenceAead::open(const Opening& opening) noexcept {
  if (opening.sealed.size() < kTagLength ||
      opening.plaintext.size() != opening.sealed.size() - kTagLength ||
      opening.key.size() != key_length(opening.aead) || !nonce_fits(opening.aead, opening.nonce))
    return false;
  if (opening.aead == AeadId::kAes128GcmSiv)
    return gcm_siv_.set_key(opening.key.first<kAes128KeyLength>()) &&
           gcm_siv_.open(opening.nonce.first<AesGcmSiv::kNonceLength>(), opening.associated_data,
                         opening.sealed, opening.plaintext);
  return siv_.set_key(opening.key.first<AesSiv::kKeyLength>()) &&
         siv_.open(std::array{opening.associated_data, opening.nonce}, opening.sealed,
                   opening.plaintext);
}

void ReferenceAead::open(std::span<Opening> openings) noexcept {
  for (Opening& opening : openings) {
    zero(opening.plaintext);
    opening.good = open(opening);
  }
  forget_keys();
}

bool ReferenceAead::seal(const Sealing& sealing) noexcept {
  if (sealing.sealed.size() != sealing.plaintext.size() + kTagLength ||
      sealing.key.size() != key_length(sealing.aead) || !nonce_fits(sealing.aead, sealing.nonce))
    return false;
  if (sealing.aead == AeadId::kAes128GcmSiv)
    return gcm_siv_.set_key(sealing.key.first<kAes128KeyLength>()) &&
           gcm_siv_.seal(sealing.nonce.first<AesGcmSiv::kNonceLength>(), sealing.associated_data,
                         sealing.plaintext, sealing.sealed);
  return siv_.set_key(sealing.key.first<AesSiv::kKeyLength>()) &&
         siv_.seal(std::array{sealing.associated_data, sealing.nonce}, sealing.plaintext,
                   sealing.sealed);
}

bool ReferenceAead::seal(std::span<const Sealing> sealings) noexcept {
  bool all = true;
  for (const Sealing& sealing : sealings) {
    if (seal(sealing)) continue;
    zero(sealing.sealed);
    all = false;
  }
  forget_keys();
  return all;
}

}  // namespace pollux::nts
