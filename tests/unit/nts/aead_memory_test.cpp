// What OpenSSL allocates, and what of a client's key is left in it.
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <map>

#include "nts/aead/reference.h"
#include "tests/support/aead_text.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::Random;
using test::Text;

// OpenSSL's memory that is in use, with its sizes. The tests here have one thread.
std::map<void*, std::size_t>& blocks() {
  static std::map<void*, std::size_t> all;
  return all;
}
std::size_t allocations = 0;

void* note(void* memory, std::size_t size) {
  ++allocations;
  if (memory != nullptr) blocks()[memory] = size;
  return memory;
}
void* allocate(std::size_t size, const char* /*file*/, int /*line*/) {
  return note(std::malloc(size), size);
}
void* reallocate(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
  blocks().erase(memory);
  return note(std::realloc(memory, size), size);
}
void release(void* memory, const char* /*file*/, int /*line*/) {
  blocks().erase(memory);
  std::free(memory);
}

// OpenSSL takes them only before it has allocated anything.
const bool kCounting = CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;

bool has(std::span<const std::byte> memory, std::span<const std::byte> secret) {
  return !std::ranges::search(memory, secret).empty();
}

bool openssl_has(std::span<const std::byte> secret) {
  return std::ranges::any_of(blocks(), [&](const auto& block) {
    return has({static_cast<const std::byte*>(block.first), block.second}, secret);
  });
}

Text random_text(Random& random, AeadId aead) {
  return {.aead = aead,
          .key = random_bytes(random, key_length(aead)),
          .nonce = random_bytes(random, 12),
          .associated_data = random_bytes(random, 188),
          .plaintext = random_bytes(random, 104)};
}

TEST(ReferenceAead, AllocatesNothingAfterConstruction) {
  ASSERT_TRUE(kCounting);
  Random random{1};
  ReferenceAead back_end;
  const std::size_t before = allocations;
  ASSERT_GT(before, 0U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (const AeadId aead : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv}) {
      const Text text = random_text(random, aead);
      ASSERT_TRUE(open(back_end, text, seal(back_end, text)).first);
      CookieKey key{.id = i};
      key.key.fill(std::byte{static_cast<std::uint8_t>(i)});
      const Bytes keys(2 * key_length(aead));
      Bytes cookie(cookie_length(aead));
      const CookieSealing sealing{.key = &key, .aead = aead, .keys = keys, .cookie = cookie};
      ASSERT_TRUE(back_end.seal_cookies(std::span{&sealing, 1}));
    }
  }
  EXPECT_EQ(allocations, before);
}

// An expanded AES key begins with the key itself, where processors have instructions for AES.
TEST(ReferenceAead, KeepsNothingOfAClientsKey) {
  ASSERT_TRUE(kCounting);
  Random random{2};
  {
    AesSiv siv;
    const Bytes key = random_bytes(random, 32);
    ASSERT_TRUE(siv.set_key(test::fixed<32>(key)));
    if (!openssl_has(std::span{key}.first(16)) || !openssl_has(std::span{key}.last(16)))
      GTEST_SKIP()
          << "expanded keys of this OpenSSL do not begin with the key: nothing to look for";
    siv.forget_key();
    EXPECT_FALSE(openssl_has(std::span{key}.first(16)));
  }
  ReferenceAead back_end;
  for (const AeadId aead : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv}) {
    const Text text = random_text(random, aead);
    const std::span whole{text.key};
    const Bytes sealed = seal(back_end, text);
    for (const auto half : {whole.first(16), whole.last(16)}) EXPECT_FALSE(openssl_has(half));
    ASSERT_TRUE(open(back_end, text, sealed).first);
    for (const auto half : {whole.first(16), whole.last(16)}) {
      EXPECT_FALSE(openssl_has(half));
      EXPECT_FALSE(has(std::as_bytes(std::span{&back_end, 1}), half));
    }
  }
}

}  // namespace
}  // namespace pollux::nts
