#include "nts/aead/nonce_generator.h"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace pollux::nts {

namespace {

constexpr std::array<std::byte, 1024> kZeros{};

}  // namespace

NonceGenerator::NonceGenerator() {
  const auto cipher = owned(EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr), "AES-128-CTR");
  context_ = cipher_context(*cipher);
  std::array<std::byte, kAes128KeyLength> key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    throw std::runtime_error{"the kernel gives no random numbers"};
  // The counter starts at zero under a key that was never used before. It would come again after
  // 2^128 blocks.
  const std::array<unsigned char, kAes128KeyLength> counter{};
  const bool keyed = EVP_EncryptInit_ex2(context_.get(), nullptr, octets(key.data()),
                                         counter.data(), nullptr) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!keyed) throw std::runtime_error{"OpenSSL refuses a key"};
}

void NonceGenerator::refill() noexcept {
  if (!encrypt(*context_, kZeros, ready_.data())) std::abort();
  used_ = 0;
}

void NonceGenerator::fill(std::span<std::byte> nonce) noexcept {
  while (!nonce.empty()) {
    if (used_ == ready_.size()) refill();
    const std::size_t count = std::min(nonce.size(), ready_.size() - used_);
    std::memcpy(nonce.data(), ready_.data() + used_, count);
    used_ += count;
    nonce = nonce.subspan(count);
  }
}

}  // namespace pollux::nts
