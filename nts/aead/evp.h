// OpenSSL's handles with owners. Making one throws where the library refuses; a handle belongs to
// one thread.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "nts/aead/block.h"

namespace pollux::nts {

struct EvpDeleter {
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
template <typename Handle>
using Evp = std::unique_ptr<Handle, EvpDeleter>;

// Takes `handle` over, or throws that OpenSSL has no `what`.
template <typename Handle>
[[nodiscard]] Evp<Handle> owned(Handle* handle, const char* what) {
  if (handle == nullptr) throw std::runtime_error{std::string{"OpenSSL gives no "} + what};
  return Evp<Handle>{handle};
}

// OpenSSL counts in int: longer texts are refused.
inline constexpr std::size_t kLongestText = 1U << 30U;

// A context for `cipher` that knows it, but has no key yet.
[[nodiscard]] inline Evp<EVP_CIPHER_CTX> cipher_context(const EVP_CIPHER& cipher) {
  auto context = owned(EVP_CIPHER_CTX_new(), "cipher context");
  if (EVP_EncryptInit_ex2(context.get(), &cipher, nullptr, nullptr, nullptr) != 1)
    throw std::runtime_error{"OpenSSL refuses a cipher"};
  return context;
}

[[nodiscard]] inline bool set_cipher_key(EVP_CIPHER_CTX& context, Aes128Key key) noexcept {
  return EVP_EncryptInit_ex2(&context, nullptr, octets(key.data()), nullptr, nullptr) == 1;
}

// As many octets as `in` has, at most kLongestText; `out` is `in` or does not overlap it.
[[nodiscard]] inline bool encrypt(EVP_CIPHER_CTX& context, std::span<const std::byte> in,
                                  std::byte* out) noexcept {
  int written = 0;
  return in.size() <= kLongestText &&
         EVP_EncryptUpdate(&context, octets(out), &written, octets(in.data()),
                           static_cast<int>(in.size())) == 1 &&
         static_cast<std::size_t>(written) == in.size();
}

}  // namespace pollux::nts
