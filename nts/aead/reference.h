// The back end that all others are held against: one operation after the other, on OpenSSL's AES,
// CMAC and CTR. Belongs to one thread. It keeps the last cookie key expanded; of clients' keys
// nothing is left when a call returns.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "nts/aead/aes_gcm_siv.h"
#include "nts/aead/aes_siv.h"
#include "nts/aead/nonce_generator.h"
#include "nts/core/aead.h"

namespace pollux::nts {

class ReferenceAead final : public Aead {
 public:
  ReferenceAead();  // throws std::runtime_error where OpenSSL lacks something

  void open_cookies(std::span<CookieOpening> openings) noexcept override;
  [[nodiscard]] bool seal_cookies(std::span<const CookieSealing> sealings) noexcept override;
  void open(std::span<Opening> openings) noexcept override;
  [[nodiscard]] bool seal(std::span<const Sealing> sealings) noexcept override;
  void fill_nonce(std::span<std::byte> nonce) noexcept override { nonces_.fill(nonce); }
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }

 private:
  [[nodiscard]] bool use_cookie_key(const CookieKey& key) noexcept;
  [[nodiscard]] bool open_cookie(const CookieOpening& opening) noexcept;
  [[nodiscard]] bool seal_cookie(const CookieSealing& sealing) noexcept;
  [[nodiscard]] bool open(const Opening& opening) noexcept;
  [[nodiscard]] bool seal(const Sealing& sealing) noexcept;
  void forget_keys() noexcept;

  std::string name_;
  NonceGenerator nonces_;
  AesSiv siv_;
  AesGcmSiv gcm_siv_;
  AesSiv cookie_siv_;
  CookieKey cookie_key_;  // that cookie_siv_ has, if it has one
  bool has_cookie_key_ = false;
};

}  // namespace pollux::nts
