#include "nts/aead/aes_siv.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace pollux::nts {

namespace {

constexpr Block kZeroBlock{};
constexpr std::array<std::byte, AesSiv::kKeyLength> kNoKey{};

Evp<EVP_CIPHER_CTX> counter_context() {
  const auto cipher = owned(EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr), "AES-128-CTR");
  return cipher_context(*cipher);
}

}  // namespace

// A first key, so that OpenSSL makes all that it needs now and not later.
AesSiv::AesSiv() : counter_{counter_context()} {
  if (!set_key(kNoKey)) throw std::runtime_error{"OpenSSL refuses a key for AES-SIV"};
  has_key_ = false;
}

bool AesSiv::set_key(std::span<const std::byte, kKeyLength> key) noexcept {
  has_key_ = cmac_.set_key(key.first<kAes128KeyLength>()) &&
             set_cipher_key(*counter_, key.last<kAes128KeyLength>()) &&
             cmac_.compute(kZeroBlock, {}, zero_mac_);
  return has_key_;
}

// Another key's schedule and MAC take the places of the last one's.
void AesSiv::forget_key() noexcept {
  static_cast<void>(set_key(kNoKey));
  has_key_ = false;
}

// RFC 5297 §2.4.
bool AesSiv::s2v(Components components, std::span<const std::byte> plaintext, Block& tag) noexcept {
  Block sum = zero_mac_;
  for (const auto component : components) {
    Block mac;
    if (!cmac_.compute(component, {}, mac)) return false;
    sum = xored(doubled(sum), mac);
  }
  Block end{};
  const std::size_t in_end = std::min(plaintext.size(), kBlockLength);
  std::ranges::copy(plaintext.last(in_end), end.begin());
  if (in_end < kBlockLength) {
    end[in_end] = std::byte{0x80};
    sum = doubled(sum);
  }
  end = xored(end, sum);
  const bool done = cmac_.compute(plaintext.first(plaintext.size() - in_end), end, tag);
  OPENSSL_cleanse(end.data(), end.size());
  return done;
}

bool AesSiv::counter_mode(Block tag, std::span<const std::byte> in, std::byte* out) noexcept {
  if (in.empty()) return true;
  // RFC 5297 §2.5: the counter begins without two bits of the tag.
  tag[8] &= std::byte{0x7f};
  tag[12] &= std::byte{0x7f};
  return EVP_EncryptInit_ex2(counter_.get(), nullptr, nullptr, octets(tag.data()), nullptr) == 1 &&
         encrypt(*counter_, in, out);
}

bool AesSiv::seal(Components components, std::span<const std::byte> plaintext,
                  std::span<std::byte> sealed) noexcept {
  Block tag;
  if (!has_key_ || !s2v(components, plaintext, tag) ||
      !counter_mode(tag, plaintext, sealed.data() + kBlockLength))
    return false;
  std::ranges::copy(tag, sealed.begin());
  return true;
}

bool AesSiv::open(Components components, std::span<const std::byte> sealed,
                  std::span<std::byte> plaintext) noexcept {
  Block tag;
  std::ranges::copy(sealed.first<kBlockLength>(), tag.begin());
  Block expected;
  if (has_key_ && counter_mode(tag, sealed.subspan(kBlockLength), plaintext.data()) &&
      s2v(components, plaintext, expected) &&
      CRYPTO_memcmp(expected.data(), tag.data(), kBlockLength) == 0)
    return true;
  OPENSSL_cleanse(plaintext.data(), plaintext.size());
  return false;
}

}  // namespace pollux::nts
