#include "nts/core/cookie.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::nts {
namespace {

using test::bytes_of;
using test::from_hex;
using test::Octets;
using test::octets_of;

// Two cookies of key id 11223344, with the nonces 80 to 8f and 90 to 9f.
constexpr const char* kCookie =
    "11223344808182838485868788898a8b8c8d8e8f76ba41bf52f0353520adcc70378e5cf75772ba3c9fdd7788832753"
    "a2988a12935e666092ea5923661c9282b2ab66763a19a9b5064c2c8bab3dfd3bb24f108faf69103815067132aee690"
    "25cd5e4c615e";
constexpr const char* kOtherCookie =
    "11223344909192939495969798999a9b9c9d9e9faa74cd05f30ef9b2d40bfb281c648c9c825039be2814db3c7c13b0"
    "72cbcbc9e7a469ece2af73f3ab1eb461e4273505df8a62ad06893be3f0bb40ac216d147280f967aaa12cb611796973"
    "9ce9b3650158";

TEST(Cookie, HasIdNonceTagAndKeys) {
  const auto expect = [](const char* hex, const char* nonce) {
    const auto octets = from_hex(hex);
    ASSERT_EQ(octets.size(), 100U);
    const auto cookie = parse_cookie(bytes_of(octets));
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->aead, AeadId::kAesSivCmac256);
    EXPECT_EQ(cookie->key_id, 0x1122'3344U);
    EXPECT_EQ(octets_of(cookie->nonce), from_hex(nonce));
    EXPECT_EQ(octets_of(cookie->sealed), test::slice(octets, 20, 80));
    EXPECT_EQ(cookie->sealed.data(), bytes_of(octets).data() + 20);
  };
  expect(kCookie, "808182838485868788898a8b8c8d8e8f");
  expect(kOtherCookie, "909192939495969798999a9b9c9d9e9f");
}

TEST(Cookie, TellsItsAeadByItsLength) {
  for (std::size_t size = 0; size <= 300; ++size) {
    const Octets octets(size, 0x5a);
    const auto cookie = parse_cookie(bytes_of(octets));
    ASSERT_EQ(cookie.has_value(), size == 68 || size == 100) << size;
    if (!cookie) continue;
    EXPECT_EQ(cookie->aead, size == 68 ? AeadId::kAes128GcmSiv : AeadId::kAesSivCmac256);
    EXPECT_EQ(cookie->sealed.size(), kTagLength + 2 * key_length(cookie->aead));
  }
}

TEST(Cookie, GetsItsHeaderInFront) {
  std::array<std::byte, 100> cookie{};
  cookie.fill(std::byte{0xee});
  const auto nonce = from_hex("808182838485868788898a8b8c8d8e8f");
  write_cookie_header(std::span{cookie}.first<kCookieHeaderLength>(), 0x1122'3344,
                      bytes_of(nonce).first<kCookieNonceLength>());
  Octets expected = test::slice(from_hex(kCookie), 0, 20);
  expected.resize(100, 0xee);
  EXPECT_EQ(octets_of(cookie), expected);
}

TEST(Cookie, IsReadAsItWasWritten) {
  test::Random random{1};
  for (int round = 0; round < 1'000; ++round) {
    std::vector<std::byte> cookie(random.chance(2) ? 68 : 100);
    const auto id = static_cast<std::uint32_t>(random.next());
    const auto nonce = random.octets(16);
    write_cookie_header(std::span{cookie}.first<kCookieHeaderLength>(), id,
                        bytes_of(nonce).first<kCookieNonceLength>());
    const auto read = parse_cookie(cookie);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key_id, id);
    EXPECT_EQ(octets_of(read->nonce), nonce);
  }
}

// RFC 8915 §5.5 counts on it: a cookie for each placeholder of its length.
TEST(Cookie, HasALengthThatFillsAnExtensionField) {
  EXPECT_EQ(cookie_length(AeadId::kAesSivCmac256) % 4, 0U);
  EXPECT_EQ(cookie_length(AeadId::kAes128GcmSiv) % 4, 0U);
}

}  // namespace
}  // namespace pollux::nts
