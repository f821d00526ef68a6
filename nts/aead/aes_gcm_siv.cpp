#include "nts/aead/aes_gcm_siv.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "nts/aead/polyval.h"

namespace pollux::nts {

namespace {

constexpr std::array<std::byte, kAes128KeyLength> kNoKey{};

Evp<EVP_CIPHER_CTX> block_context() {
  const auto cipher = owned(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr), "AES-128-ECB");
  auto context = cipher_context(*cipher);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

}  // namespace

AesGcmSiv::AesGcmSiv() : key_{block_context()}, message_{block_context()} { forget_key(); }

bool AesGcmSiv::set_key(Aes128Key key) noexcept {
  has_key_ = set_cipher_key(*key_, key);
  return has_key_;
}

// Another key's schedule takes the place of the last one's.
void AesGcmSiv::forget_key() noexcept {
  static_cast<void>(set_cipher_key(*key_, kNoKey));
  static_cast<void>(set_cipher_key(*message_, kNoKey));
  has_key_ = false;
}

// RFC 8452 §4: half of each of four blocks; two halves authenticate, two encrypt.
bool AesGcmSiv::derive_keys(Nonce nonce, Block& authentication_key) noexcept {
  constexpr std::size_t kHalf = kBlockLength / 2;
  std::array<std::byte, 4 * kBlockLength> blocks;
  for (std::uint32_t i = 0; i < 4; ++i) {
    std::byte* const block = blocks.data() + i * kBlockLength;
    store_le(block, i);
    std::ranges::copy(nonce, block + 4);
  }
  bool done = encrypt(*key_, blocks, blocks.data());
  Block encryption_key;
  std::copy_n(&blocks[0], kHalf, authentication_key.begin());
  std::copy_n(&blocks[kBlockLength], kHalf, authentication_key.begin() + kHalf);
  std::copy_n(&blocks[2 * kBlockLength], kHalf, encryption_key.begin());
  std::copy_n(&blocks[3 * kBlockLength], kHalf, encryption_key.begin() + kHalf);
  done = done && set_cipher_key(*message_, encryption_key);
  OPENSSL_cleanse(blocks.data(), blocks.size());
  OPENSSL_cleanse(encryption_key.data(), encryption_key.size());
  return done;
}

bool AesGcmSiv::compute_tag(Nonce nonce, const Block& authentication_key,
                            std::span<const std::byte> associated_data,
                            std::span<const std::byte> plaintext, Block& tag) noexcept {
  Polyval polyval{authentication_key};
  polyval.add(associated_data);
  polyval.add(plaintext);
  Block lengths;  // in bits
  store_le(lengths.data(), std::uint64_t{associated_data.size()} * 8);
  store_le(lengths.data() + 8, std::uint64_t{plaintext.size()} * 8);
  polyval.add(lengths);
  Block sum = polyval.sum();
  for (std::size_t i = 0; i < kNonceLength; ++i) sum[i] ^= nonce[i];
  sum[kBlockLength - 1] &= std::byte{0x7f};
  return encrypt(*message_, sum, tag.data());
}

// RFC 8452 §4: the counter is little-endian, of 32 bits, and does not carry into the rest, which no
// counter mode of OpenSSL's does.
bool AesGcmSiv::counter_mode(Block tag, std::span<const std::byte> in, std::byte* out) noexcept {
  constexpr std::size_t kBlocks = 8;
  tag[kBlockLength - 1] |= std::byte{0x80};
  auto counter = load_le<std::uint32_t>(tag.data());
  std::array<std::byte, kBlocks * kBlockLength> stream;
  bool done = true;
  while (done && !in.empty()) {
    for (std::size_t i = 0; i < kBlocks; ++i) {
      store_le(tag.data(), counter++);
      std::ranges::copy(tag, stream.begin() + i * kBlockLength);
    }
    done = encrypt(*message_, stream, stream.data());
    const std::size_t length = std::min(in.size(), stream.size());
    for (std::size_t i = 0; i < length; ++i) out[i] = in[i] ^ stream[i];
    in = in.subspan(length);
    out += length;
  }
  OPENSSL_cleanse(stream.data(), stream.size());
  return done;
}

bool AesGcmSiv::seal(Nonce nonce, std::span<const std::byte> associated_data,
                     std::span<const std::byte> plaintext, std::span<std::byte> sealed) noexcept {
  Block authentication_key;
  Block tag;
  const bool done = has_key_ && derive_keys(nonce, authentication_key) &&
                    compute_tag(nonce, authentication_key, associated_data, plaintext, tag) &&
                    counter_mode(tag, plaintext, sealed.data());
  OPENSSL_cleanse(authentication_key.data(), authentication_key.size());
  if (done) std::ranges::copy(tag, sealed.last<kBlockLength>().begin());
  return done;
}

bool AesGcmSiv::open(Nonce nonce, std::span<const std::byte> associated_data,
                     std::span<const std::byte> sealed, std::span<std::byte> plaintext) noexcept {
  Block authentication_key;
  Block tag;
  std::ranges::copy(sealed.last<kBlockLength>(), tag.begin());
  Block expected;
  const bool good = has_key_ && derive_keys(nonce, authentication_key) &&
                    counter_mode(tag, sealed.first(plaintext.size()), plaintext.data()) &&
                    compute_tag(nonce, authentication_key, associated_data, plaintext, expected) &&
                    CRYPTO_memcmp(expected.data(), tag.data(), kBlockLength) == 0;
  OPENSSL_cleanse(authentication_key.data(), authentication_key.size());
  if (!good) OPENSSL_cleanse(plaintext.data(), plaintext.size());
  return good;
}

}  // namespace pollux::nts
