// AES-SIV-CMAC-256 (RFC 5297): S2V over OpenSSL's CMAC, and OpenSSL's CTR. OpenSSL 3.0's own
// AES-SIV cannot be used: it takes no empty plaintext, which the usual NTS request has. Belongs to
// one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "nts/aead/block.h"
#include "nts/aead/cmac.h"
#include "nts/aead/evp.h"

namespace pollux::nts {

class AesSiv {
 public:
  static constexpr std::size_t kKeyLength = 32;
  // What is authenticated beside the plaintext, in its order: an empty component is not an absent
  // one (RFC 5297 §2.4). A nonce is the last of them (§3).
  using Components = std::span<const std::span<const std::byte>>;

  AesSiv();  // throws std::runtime_error where OpenSSL lacks something

  // False: OpenSSL failed. Without a key nothing can be sealed or opened.
  [[nodiscard]] bool set_key(std::span<const std::byte, kKeyLength> key) noexcept;

  // Leaves nothing of the key in OpenSSL's contexts.
  void forget_key() noexcept;

  // `sealed` gets tag and ciphertext, 16 + plaintext.size() octets. `plaintext` may begin at
  // sealed[16], but not overlap it otherwise. False: OpenSSL failed, `sealed` is of no use.
  [[nodiscard]] bool seal(Components components, std::span<const std::byte> plaintext,
                          std::span<std::byte> sealed) noexcept;

  // `plaintext` gets sealed.size() - 16 octets; zeros where false: the tag is wrong, or OpenSSL
  // failed. They do not overlap.
  [[nodiscard]] bool open(Components components, std::span<const std::byte> sealed,
                          std::span<std::byte> plaintext) noexcept;

 private:
  [[nodiscard]] bool s2v(Components components, std::span<const std::byte> plaintext,
                         Block& tag) noexcept;
  [[nodiscard]] bool counter_mode(Block tag, std::span<const std::byte> in,
                                  std::byte* out) noexcept;

  Cmac cmac_;
  Evp<EVP_CIPHER_CTX> counter_;
  Block zero_mac_{};  // CMAC of the zero block, which every S2V begins with
  bool has_key_ = false;
};

}  // namespace pollux::nts
