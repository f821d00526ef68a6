// Octets for nonces: AES-128 in counter mode under a key from the kernel's generator, which a
// worker may not ask for each. Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "nts/aead/evp.h"

namespace pollux::nts {

class NonceGenerator {
 public:
  NonceGenerator();  // throws std::runtime_error where OpenSSL or the kernel refuses

  // No two calls give the same octets; nobody without the key can foretell them. A failure of
  // OpenSSL ends the process: a nonce that comes again would be worse.
  void fill(std::span<std::byte> nonce) noexcept;

 private:
  void refill() noexcept;

  Evp<EVP_CIPHER_CTX> context_;
  std::array<std::byte, 1024> ready_{};
  std::size_t used_ = ready_.size();
};

}  // namespace pollux::nts
