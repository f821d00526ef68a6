// A whole exchange of RFC 8915 §5, octet for octet, and cookies of a real chronyd.
#include <gtest/gtest.h>

#include "tests/support/aead_text.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::bytes_of;
using test::hex_of;
using test::Text;

constexpr std::string_view kC2s =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kS2c =
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
// NTP header, unique identifier and cookie, which are authenticated; then the authenticator with
// lengths, nonce and tag.
constexpr std::string_view kRequest =
    "23000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "a0a1a2a3a4a5a6a7"
    "01040024c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
    "0204006811223344808182838485868788898a8b8c8d8e8f76ba41bf52f0353520adcc70378e5cf75772ba3c9fdd77"
    "88832753a2988a12935e666092ea5923661c9282b2ab66763a19a9b5064c2c8bab3dfd3bb24f108faf691038150671"
    "32aee69025cd5e4c615e"
    "0404002800100010e0e1e2e3e4e5e6e7e8e9eaebecedeeef0ae89eb08f7d0498426192641edd9af4";
constexpr std::string_view kResponse =
    "240100e70000000000000000505053001011121314151617a0a1a2a3a4a5a6a7"
    "30313233343536375051525354555657"
    "01040024c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
    "0404009000100078f0efeeedecebeae9e8e7e6e5e4e3e2e1fc0dcbedfa62e73e4286c19ad6ccdc45536c79387556e2"
    "c43cf917a7916a1f60f4fb6f4ff148448a10cea7a53dad144b2f9776a402a1a43774495ef9f43c47be29bdd189bbe9"
    "4db4792eead5e0f17667b205f6cd2b98f29cd55500b1e72dec926f5151f58325c1b958d0052835ea64e476f86bcf54"
    "27b1fd";
// The cookie in an extension field of its own, which the response has encrypted.
constexpr std::string_view kNewCookie =
    "0204006811223344909192939495969798999a9b9c9d9e9faa74cd05f30ef9b2d40bfb281c648c9c825039be2814db"
    "3c7c13b072cbcbc9e7a469ece2af73f3ab1eb461e4273505df8a62ad06893be3f0bb40ac216d147280f967aaa12cb6"
    "117969739ce9b3650158";

Bytes part(const Bytes& from, std::size_t at, std::size_t size) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

Text request_text() {
  const Bytes request = bytes_of(kRequest);
  return {.key = bytes_of(kC2s),
          .nonce = part(request, 196, 16),
          .associated_data = part(request, 0, 188)};
}

Text response_text() {
  const Bytes response = bytes_of(kResponse);
  return {.key = bytes_of(kS2c),
          .nonce = part(response, 92, 16),
          .associated_data = part(response, 0, 84),
          .plaintext = bytes_of(kNewCookie)};
}

TEST_P(AeadBackEnd, ExchangeRequestIsVerifiedAndSealed) {
  const Bytes tag = part(bytes_of(kRequest), 212, 16);
  EXPECT_TRUE(open(back_end(), request_text(), tag).first);
  EXPECT_EQ(hex_of(seal(back_end(), request_text())), hex_of(tag));
}

TEST_P(AeadBackEnd, ExchangeResponseIsSealedAndOpened) {
  const Bytes sealed = part(bytes_of(kResponse), 108, 120);
  EXPECT_EQ(hex_of(seal(back_end(), response_text())), hex_of(sealed));
  const auto [good, plaintext] = open(back_end(), response_text(), sealed);
  EXPECT_TRUE(good);
  EXPECT_EQ(hex_of(plaintext), kNewCookie);
}

// Of a run of chronyd 4.3: one of its cookie keys, and what a client of it exported and got.
constexpr std::string_view kChronydKey =
    "a6e9fe6bca7b20af6975b77537f586d23c7e3f4acc6c091050d49b25048d7290";
constexpr std::string_view kChronydClientKeys =
    "519a42e615f1208551e426d9a0a108300e8c200bd0b48ae6a04a991c3f1f04cd"
    "c87bdb23b40e35f16ea19f6da92f61e58bbe9fd0bc1f211c709dd0cababcb715";
constexpr std::string_view kChronydCookies[] = {
    "69576fcf4ccd0cddd8513fb767ac8a9c2cca37b5e78c9bf41b9dbf971c099890a92081770caf1779814487ff83a31c"
    "b9d6e13b2306b83e0a90632cc7a614af5159812357f8cd3933ca4bc852f68ccfa4a9818d2e370df7d2c2d446b6b7d5"
    "eb35dd923e3d",
    "69576fcf4764847f72275876088f19f76349581f8defbfd4a2a77ecebf5b6e3a6dd2425aa78f1996862f94ed025ecc"
    "1817092af672310914133024afa734f0d067cf88e9e377e73db959f3520d43b846696510759f40d97d81c98123c63c"
    "38477832685a",
};

CookieKey chronyd_key() {
  CookieKey key{.id = 0x69576fcf};
  std::ranges::copy(bytes_of(kChronydKey), key.key.begin());
  return key;
}

TEST_P(AeadBackEnd, ChronydCookieIsOpened) {
  const CookieKey key = chronyd_key();
  for (const auto hex : kChronydCookies) {
    const Bytes octets = bytes_of(hex);
    const auto cookie = parse_cookie(octets);
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->key_id, key.id);
    std::array<std::byte, 64> keys{};
    CookieOpening opening{.key = &key, .cookie = *cookie, .keys = keys};
    back_end().open_cookies(std::span{&opening, 1});
    EXPECT_TRUE(opening.good);
    EXPECT_EQ(hex_of(keys), kChronydClientKeys);
  }
}

// From the same nonces come the same cookies.
TEST_P(AeadBackEnd, ChronydCookieIsWhatIsSealed) {
  const CookieKey key = chronyd_key();
  const Bytes keys = bytes_of(kChronydClientKeys);
  for (const auto hex : kChronydCookies) {
    Bytes cookie = bytes_of(hex);
    std::fill(cookie.begin() + kCookieHeaderLength, cookie.end(), std::byte{});
    const CookieSealing sealing{.key = &key, .keys = keys, .cookie = cookie};
    ASSERT_TRUE(back_end().seal_cookies(std::span{&sealing, 1}));
    EXPECT_EQ(hex_of(cookie), hex);
  }
}

}  // namespace
}  // namespace pollux::nts
