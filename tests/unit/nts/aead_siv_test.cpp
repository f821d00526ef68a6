#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "nts/aead/aes_siv.h"
#include "nts/aead/evp.h"
#include "tests/support/aead_text.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::bytes_of;
using test::hex_of;
using test::Random;

struct Vector {
  std::string_view name;
  std::string_view key;
  std::vector<std::string_view> components;
  std::string_view plaintext;
  std::string_view sealed;  // tag and ciphertext
};

constexpr std::string_view kInteropKey =
    "0123456789abcdeff0123456789abcdeef0123456789abcddef0123456789abc";
constexpr std::string_view kInteropNonce = "101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kInteropData = "4c9d4fcaed8ae2baad3f3ea6e93c8c8b";

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> kVectors{
      {"RFC 5297 A.1: one component",
       "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       {"101112131415161718191a1b1c1d1e1f2021222324252627"},
       "112233445566778899aabbccddee",
       "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"},
      {"RFC 5297 A.2: two components and a nonce",
       "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
       {"00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
        "102030405060708090a0", "09f911029d74e35bd84156c5635688c0"},
       "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d"
       "414553",
       "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748"
       "ba8af829ea64ad544a272e9c485b62a3fd5c0d"},
      {"empty plaintext, as in the usual request",
       kInteropKey,
       {kInteropData, kInteropNonce},
       "",
       "d7201989c6dbc6d661fc62bc865eeeef"},
      {"a component that is there but empty",
       kInteropKey,
       {"", kInteropNonce},
       "",
       "223eb594e0e0254b00258e219a1ca421"},
      {"one block",
       kInteropKey,
       {kInteropData, kInteropNonce},
       "ba997931237e3c53587ed49302abe4a7",
       "5c052365f4570aa0fb383ece9b7585eb688519360c7c481140cb9b579a0e6532"},
      {"keys under a nonce alone",
       "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f",
       {"808182838485868788898a8b8c8d8e8f"},
       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
       "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
       "76ba41bf52f0353520adcc70378e5cf75772ba3c9fdd7788832753a2988a1293"
       "5e666092ea5923661c9282b2ab66763a19a9b5064c2c8bab3dfd3bb24f108faf69103815067132aee69025cd"
       "5e4c615e"},
      {"and under another",
       "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f",
       {"909192939495969798999a9b9c9d9e9f"},
       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
       "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
       "aa74cd05f30ef9b2d40bfb281c648c9c825039be2814db3c7c13b072cbcbc9e7a469ece2af73f3ab1eb461e4"
       "273505df8a62ad06893be3f0bb40ac216d147280f967aaa12cb6117969739ce9b3650158"},
  };
  return kVectors;
}

struct Components {
  explicit Components(const std::vector<Bytes>& from) : spans{from.begin(), from.end()} {}
  std::vector<std::span<const std::byte>> spans;
};

std::vector<Bytes> bytes_of_all(const std::vector<std::string_view>& hex) {
  std::vector<Bytes> result;
  for (const auto text : hex) result.push_back(bytes_of(text));
  return result;
}

TEST(AesSiv, Vectors) {
  AesSiv siv;
  for (const Vector& vector : vectors()) {
    const auto owned_components = bytes_of_all(vector.components);
    const Components components{owned_components};
    const Bytes plaintext = bytes_of(vector.plaintext);
    ASSERT_TRUE(siv.set_key(test::fixed<32>(bytes_of(vector.key))));
    Bytes sealed(plaintext.size() + 16);
    ASSERT_TRUE(siv.seal(components.spans, plaintext, sealed)) << vector.name;
    EXPECT_EQ(hex_of(sealed), vector.sealed) << vector.name;
    Bytes opened(plaintext.size());
    EXPECT_TRUE(siv.open(components.spans, sealed, opened)) << vector.name;
    EXPECT_EQ(opened, plaintext) << vector.name;
  }
}

// Those with an associated data and a nonce.
TEST_P(AeadBackEnd, VectorsOfAesSiv) {
  std::size_t count = 0;
  for (const Vector& vector : vectors()) {
    if (vector.components.size() != 2) continue;
    const test::Text text{.key = bytes_of(vector.key),
                          .nonce = bytes_of(vector.components[1]),
                          .associated_data = bytes_of(vector.components[0]),
                          .plaintext = bytes_of(vector.plaintext)};
    EXPECT_EQ(hex_of(seal(back_end(), text)), vector.sealed) << vector.name;
    EXPECT_TRUE(open(back_end(), text, bytes_of(vector.sealed)).first) << vector.name;
    ++count;
  }
  EXPECT_EQ(count, 3U);
}
// OpenSSL's own AES-SIV, which has to have a plaintext.
Bytes sealed_by_openssl(const Bytes& key, const std::vector<Bytes>& components,
                        const Bytes& plaintext) {
  const auto cipher = owned(EVP_CIPHER_fetch(nullptr, "AES-128-SIV", nullptr), "AES-128-SIV");
  const auto context = owned(EVP_CIPHER_CTX_new(), "context");
  EVP_EncryptInit_ex2(context.get(), cipher.get(), octets(key.data()), nullptr, nullptr);
  int length = 0;
  for (const Bytes& component : components)
    EVP_EncryptUpdate(context.get(), nullptr, &length, octets(component.data()),
                      static_cast<int>(component.size()));
  Bytes sealed(plaintext.size() + 16);
  EVP_EncryptUpdate(context.get(), octets(sealed.data() + 16), &length, octets(plaintext.data()),
                    static_cast<int>(plaintext.size()));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, sealed.data());
  return sealed;
}

TEST(AesSiv, AgreesWithOpenSslForEveryLengthOfThePlaintext) {
  Random random{15};
  AesSiv siv;
  for (std::size_t length = 1; length <= 300; ++length) {
    const Bytes key = random_bytes(random, 32);
    std::vector<Bytes> contents;
    for (std::size_t i = random.below(4); i > 0; --i)
      contents.push_back(random_bytes(random, 1 + random.below(200)));
    const Components components{contents};
    const Bytes plaintext = random_bytes(random, length);
    ASSERT_TRUE(siv.set_key(test::fixed<32>(key)));
    Bytes sealed(length + 16);
    ASSERT_TRUE(siv.seal(components.spans, plaintext, sealed));
    ASSERT_EQ(hex_of(sealed), hex_of(sealed_by_openssl(key, contents, plaintext))) << length;
  }
}

TEST(AesSiv, DoesNothingWithoutAKey) {
  const Bytes nothing;
  Bytes sealed(16);
  Bytes plaintext;
  AesSiv siv;
  EXPECT_FALSE(siv.seal({}, nothing, sealed));
  ASSERT_TRUE(siv.set_key(test::fixed<32>(bytes_of(kInteropKey))));
  ASSERT_TRUE(siv.seal({}, nothing, sealed));
  EXPECT_TRUE(siv.open({}, sealed, plaintext));
  siv.forget_key();
  EXPECT_FALSE(siv.open({}, sealed, plaintext));
  EXPECT_FALSE(siv.seal({}, nothing, sealed));
}

}  // namespace
}  // namespace pollux::nts
