// AES-CMAC with a key of 128 bits (RFC 4493), OpenSSL's. Belongs to one thread.
#pragma once

#include <cstddef>
#include <span>

#include "nts/aead/block.h"
#include "nts/aead/evp.h"

namespace pollux::nts {

class Cmac {
 public:
  Cmac();  // throws std::runtime_error where OpenSSL has no CMAC

  // False: OpenSSL failed.
  [[nodiscard]] bool set_key(Aes128Key key) noexcept;

  // MAC of the message that `first` and `second` are, end to end. False: OpenSSL failed, or there
  // is no key.
  [[nodiscard]] bool compute(std::span<const std::byte> first, std::span<const std::byte> second,
                             Block& mac) noexcept;

 private:
  Evp<EVP_MAC_CTX> context_;
};

}  // namespace pollux::nts
