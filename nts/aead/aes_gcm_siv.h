// AEAD_AES_128_GCM_SIV (RFC 8452) on OpenSSL's AES, which has no such mode itself. Belongs to one
// thread.
#pragma once

#include <cstddef>
#include <span>

#include "nts/aead/block.h"
#include "nts/aead/evp.h"

namespace pollux::nts {

class AesGcmSiv {
 public:
  static constexpr std::size_t kNonceLength = 12;
  using Nonce = std::span<const std::byte, kNonceLength>;

  AesGcmSiv();  // throws std::runtime_error where OpenSSL lacks something

  // False: OpenSSL failed. Without a key nothing can be sealed or opened.
  [[nodiscard]] bool set_key(Aes128Key key) noexcept;

  // Leaves nothing of the key in OpenSSL's contexts.
  void forget_key() noexcept;

  // `sealed` gets ciphertext and tag, plaintext.size() + 16 octets. `plaintext` may begin where
  // `sealed` does, but not overlap it otherwise. False: OpenSSL failed, `sealed` is of no use.
  [[nodiscard]] bool seal(Nonce nonce, std::span<const std::byte> associated_data,
                          std::span<const std::byte> plaintext,
                          std::span<std::byte> sealed) noexcept;

  // `plaintext` gets sealed.size() - 16 octets; zeros where false: the tag is wrong, or OpenSSL
  // failed. They do not overlap.
  [[nodiscard]] bool open(Nonce nonce, std::span<const std::byte> associated_data,
                          std::span<const std::byte> sealed,
                          std::span<std::byte> plaintext) noexcept;

 private:
  [[nodiscard]] bool derive_keys(Nonce nonce, Block& authentication_key) noexcept;
  [[nodiscard]] bool compute_tag(Nonce nonce, const Block& authentication_key,
                                 std::span<const std::byte> associated_data,
                                 std::span<const std::byte> plaintext, Block& tag) noexcept;
  [[nodiscard]] bool counter_mode(Block tag, std::span<const std::byte> in,
                                  std::byte* out) noexcept;

  Evp<EVP_CIPHER_CTX> key_;      // AES with the key itself
  Evp<EVP_CIPHER_CTX> message_;  // and with the key made for one nonce
  bool has_key_ = false;
};

}  // namespace pollux::nts
