// Cookies under every back end.
#include <gtest/gtest.h>

#include <optional>
#include <tuple>

#include "tests/support/aead_text.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::flip;
using test::hex_of;
using test::Random;

constexpr AeadId kBoth[] = {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv};

CookieKey random_key(Random& random, std::uint32_t id) {
  CookieKey key{.id = id};
  std::ranges::copy(random_bytes(random, kCookieKeyLength), key.key.begin());
  return key;
}

struct Minted {
  Bytes cookie;
  Bytes keys;
};

Bytes cookie_front(Random& random, AeadId aead, std::uint32_t key_id) {
  Bytes cookie(cookie_length(aead));
  write_cookie_header(std::span{cookie}.first<kCookieHeaderLength>(), key_id,
                      test::fixed<kCookieNonceLength>(random_bytes(random, kCookieNonceLength)));
  return cookie;
}

Minted mint(Aead& back_end, Random& random, const CookieKey& key, AeadId aead) {
  Minted minted{.cookie = cookie_front(random, aead, key.id),
                .keys = random_bytes(random, 2 * key_length(aead))};
  const CookieSealing sealing{
      .key = &key, .aead = aead, .keys = minted.keys, .cookie = minted.cookie};
  EXPECT_TRUE(back_end.seal_cookies(std::span{&sealing, 1}));
  return minted;
}

// The keys of a cookie, where it is good; checks that there are zeros where it is not.
std::optional<Bytes> opened(Aead& back_end, const CookieKey* key, const Bytes& cookie) {
  const auto view = parse_cookie(cookie);
  if (!view) return std::nullopt;
  Bytes keys(2 * kLongestKey, std::byte{0xee});
  CookieOpening opening{.key = key, .cookie = *view, .keys = keys};
  back_end.open_cookies(std::span{&opening, 1});
  if (!opening.good) {
    EXPECT_EQ(keys, Bytes(2 * kLongestKey));
    return std::nullopt;
  }
  keys.resize(2 * key_length(view->aead));
  return keys;
}

TEST_P(AeadBackEnd, CookieIsOpenedUnderTheirKeyAlone) {
  Random random{24};
  for (const AeadId aead : kBoth) {
    const CookieKey key = random_key(random, 1);
    const CookieKey other = random_key(random, 1);  // the same id says nothing
    const Minted minted = mint(back_end(), random, key, aead);
    EXPECT_EQ(opened(back_end(), &key, minted.cookie), minted.keys);
    EXPECT_EQ(opened(back_end(), &other, minted.cookie), std::nullopt);
    EXPECT_EQ(opened(back_end(), nullptr, minted.cookie), std::nullopt);
    EXPECT_EQ(opened(back_end(), &key, minted.cookie), minted.keys);
  }
}

TEST_P(AeadBackEnd, CookieIsRefusedWithAFlippedBit) {
  Random random{25};
  CookieKey key = random_key(random, 2);
  for (const AeadId aead : kBoth) {
    Minted minted = mint(back_end(), random, key, aead);
    for (std::size_t bit = kCookieIdLength * 8; bit < minted.cookie.size() * 8; ++bit) {
      flip(minted.cookie, bit);
      ASSERT_EQ(opened(back_end(), &key, minted.cookie), std::nullopt) << bit;
      flip(minted.cookie, bit);
    }
    for (std::size_t bit = 0; bit < key.key.size() * 8; ++bit) {
      key.key[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
      ASSERT_EQ(opened(back_end(), &key, minted.cookie), std::nullopt) << bit;
      key.key[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    }
    ASSERT_EQ(opened(back_end(), &key, minted.cookie), minted.keys);
  }
}

TEST_P(AeadBackEnd, CookieSeveralKeysInOneBatch) {
  Random random{26};
  const std::array ring{random_key(random, 0), random_key(random, 1), random_key(random, 2)};
  std::vector<Minted> minted;
  std::vector<std::array<std::byte, 64>> keys(48);
  std::vector<CookieOpening> openings;
  for (std::size_t i = 0; i < keys.size(); ++i)
    minted.push_back(mint(back_end(), random, ring[random.below(3)], kBoth[random.below(2)]));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto cookie = parse_cookie(minted[i].cookie);
    ASSERT_TRUE(cookie);
    openings.push_back({.key = &ring[cookie->key_id], .cookie = *cookie, .keys = keys[i]});
  }
  back_end().open_cookies(openings);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ASSERT_TRUE(openings[i].good);
    Bytes expected = minted[i].keys;
    expected.resize(64);
    ASSERT_EQ(hex_of(keys[i]), hex_of(expected)) << "keys, and zeros behind shorter ones";
  }
}

TEST_P(AeadBackEnd, CookieIsZerosWhereItCannotBeSealed) {
  Random random{27};
  const CookieKey key = random_key(random, 3);
  const Bytes keys = random_bytes(random, 64);
  for (const auto& [given_key, given_keys, aead] : {
           std::tuple{static_cast<const CookieKey*>(nullptr), 64U, AeadId::kAesSivCmac256},
           std::tuple{&key, 63U, AeadId::kAesSivCmac256},
           std::tuple{&key, 64U, AeadId::kAes128GcmSiv},
       }) {
    Bytes cookie = cookie_front(random, AeadId::kAesSivCmac256, 3);
    const CookieSealing sealing{.key = given_key,
                                .aead = aead,
                                .keys = std::span{keys}.first(given_keys),
                                .cookie = cookie};
    EXPECT_FALSE(back_end().seal_cookies(std::span{&sealing, 1}));
    EXPECT_EQ(cookie, Bytes(cookie.size()));
  }
}

}  // namespace
}  // namespace pollux::nts
