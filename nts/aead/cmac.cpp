#include "nts/aead/cmac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

namespace pollux::nts {

namespace {

Evp<EVP_MAC_CTX> new_context() {
  const auto mac = owned(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_CMAC, nullptr), "CMAC");
  auto context = owned(EVP_MAC_CTX_new(mac.get()), "CMAC context");
  std::array<char, 12> cipher{"AES-128-CBC"};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0),
      OSSL_PARAM_construct_end(),
  };
  if (EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1)
    throw std::runtime_error{"OpenSSL has no CMAC with AES-128"};
  return context;
}

bool update(EVP_MAC_CTX& context, std::span<const std::byte> part) noexcept {
  return part.empty() || EVP_MAC_update(&context, octets(part.data()), part.size()) == 1;
}

}  // namespace

Cmac::Cmac() : context_{new_context()} {}

bool Cmac::set_key(Aes128Key key) noexcept {
  return EVP_MAC_init(context_.get(), octets(key.data()), key.size(), nullptr) == 1;
}

bool Cmac::compute(std::span<const std::byte> first, std::span<const std::byte> second,
                   Block& mac) noexcept {
  std::size_t length = 0;
  return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 && update(*context_, first) &&
         update(*context_, second) &&
         EVP_MAC_final(context_.get(), octets(mac.data()), &length, mac.size()) == 1 &&
         length == mac.size();
}

}  // namespace pollux::nts
