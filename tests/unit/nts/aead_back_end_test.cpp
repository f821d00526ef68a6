// What every back end does.
#include <gtest/gtest.h>

#include "tests/support/aead_text.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::flip;
using test::hex_of;
using test::Random;
using test::Text;

constexpr AeadId kBoth[] = {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv};
constexpr std::size_t kBoundaries[] = {0, 1, 15, 16, 17, 31, 32, 33, 104, 956};

Text random_text(Random& random, AeadId aead, std::size_t data, std::size_t plaintext) {
  return {.aead = aead,
          .key = random_bytes(random, key_length(aead)),
          .nonce = random_bytes(random, aead == AeadId::kAes128GcmSiv ? 12 : 1 + random.below(40)),
          .associated_data = random_bytes(random, data),
          .plaintext = random_bytes(random, plaintext)};
}

TEST_P(AeadBackEnd, OpensWhatItSealedAtBlockBoundaries) {
  Random random{16};
  for (const AeadId aead : kBoth)
    for (const std::size_t data : kBoundaries)
      for (const std::size_t plaintext : kBoundaries) {
        const Text text = random_text(random, aead, data, plaintext);
        const Bytes sealed = seal(back_end(), text);
        ASSERT_EQ(sealed.size(), plaintext + kTagLength);
        const auto [good, result] = open(back_end(), text, sealed);
        ASSERT_TRUE(good) << data << " and " << plaintext;
        ASSERT_EQ(result, text.plaintext);
      }
}

// A changed octet anywhere, and nothing of the plaintext comes out.
TEST_P(AeadBackEnd, RefusesEveryFlippedBit) {
  Random random{17};
  for (const AeadId aead : kBoth)
    for (const std::size_t length : {0U, 33U}) {
      Text text = random_text(random, aead, 21, length);
      Bytes sealed = seal(back_end(), text);
      const auto check = [&](Bytes& part, std::size_t octets) {
        for (std::size_t bit = 0; bit < octets * 8; ++bit) {
          flip(part, bit);
          const auto [good, plaintext] = open(back_end(), text, sealed);
          flip(part, bit);
          ASSERT_FALSE(good) << bit;
          ASSERT_EQ(plaintext, Bytes(length));
        }
      };
      check(sealed, sealed.size());
      check(text.nonce, text.nonce.size());
      check(text.associated_data, text.associated_data.size());
      // The second half of an AES-SIV key encrypts, and here is nothing to encrypt.
      const bool half = aead == AeadId::kAesSivCmac256 && length == 0;
      check(text.key, half ? kLongestKey / 2 : text.key.size());
      ASSERT_TRUE(open(back_end(), text, sealed).first);
    }
}

// Octets must not move between the parts without notice.
TEST_P(AeadBackEnd, RefusesMovedBoundaries) {
  Random random{18};
  for (const AeadId aead : kBoth) {
    Text text = random_text(random, aead, 32, 16);
    const Bytes sealed = seal(back_end(), text);
    Text shorter = text;
    shorter.associated_data.pop_back();
    EXPECT_FALSE(open(back_end(), shorter, sealed).first);
    Text longer = text;
    longer.associated_data.push_back(std::byte{});
    EXPECT_FALSE(open(back_end(), longer, sealed).first);
    Bytes cut = sealed;
    cut.pop_back();
    EXPECT_FALSE(open(back_end(), text, cut).first);
  }
  // AES-SIV takes a nonce of any length: its first octet may not become associated data.
  Text text = random_text(random, AeadId::kAesSivCmac256, 32, 0);
  const Bytes sealed = seal(back_end(), text);
  text.associated_data.push_back(text.nonce.front());
  text.nonce.erase(text.nonce.begin());
  EXPECT_FALSE(open(back_end(), text, sealed).first);
}

TEST_P(AeadBackEnd, RefusesNoncesThatTheAeadCannotTake) {
  Random random{19};
  for (const std::size_t length : {0U, 11U, 13U, 16U}) {
    Text text = random_text(random, AeadId::kAes128GcmSiv, 8, 8);
    const Bytes sealed = seal(back_end(), text);
    text.nonce = random_bytes(random, length);
    EXPECT_TRUE(seal(back_end(), text).empty()) << length;
    EXPECT_FALSE(open(back_end(), text, sealed).first) << length;
  }
  Text text = random_text(random, AeadId::kAesSivCmac256, 8, 8);
  const Bytes sealed = seal(back_end(), text);
  text.nonce.clear();
  EXPECT_TRUE(seal(back_end(), text).empty());
  EXPECT_FALSE(open(back_end(), text, sealed).first);
}

TEST_P(AeadBackEnd, RefusesWhatIsShorterThanATag) {
  Random random{20};
  for (const AeadId aead : kBoth)
    for (std::size_t length = 0; length < kTagLength; ++length)
      EXPECT_FALSE(
          open(back_end(), random_text(random, aead, 8, 0), random_bytes(random, length)).first);
}

TEST_P(AeadBackEnd, LeavesZerosWhereItCannotSeal) {
  Random random{21};
  const Text good = random_text(random, AeadId::kAesSivCmac256, 8, 8);
  Text bad = good;
  bad.key.pop_back();
  Bytes sealed(2 * 24, std::byte{0xee});
  const auto sealing = [&](const Text& text, std::size_t at) {
    return Sealing{.aead = text.aead,
                   .key = text.key,
                   .associated_data = text.associated_data,
                   .nonce = text.nonce,
                   .plaintext = text.plaintext,
                   .sealed = std::span{sealed}.subspan(at, 24)};
  };
  const std::array sealings{sealing(bad, 0), sealing(good, 24)};
  EXPECT_FALSE(back_end().seal(sealings));
  EXPECT_EQ(hex_of(std::span{sealed}.first<24>()), hex_of(Bytes(24)));
  EXPECT_EQ(hex_of(std::span{sealed}.last<24>()), hex_of(seal(back_end(), good)));
}

// The ciphertext takes the place of the plaintext.
TEST_P(AeadBackEnd, SealsInPlace) {
  Random random{22};
  for (const AeadId aead : kBoth)
    for (const std::size_t length : kBoundaries) {
      const Text text = random_text(random, aead, 40, length);
      Bytes buffer(length + kTagLength);
      const std::span place =
          std::span{buffer}.subspan(aead == AeadId::kAesSivCmac256 ? kTagLength : 0, length);
      std::ranges::copy(text.plaintext, place.begin());
      const Sealing sealing{.aead = aead,
                            .key = text.key,
                            .associated_data = text.associated_data,
                            .nonce = text.nonce,
                            .plaintext = place,
                            .sealed = buffer};
      ASSERT_TRUE(back_end().seal(std::span{&sealing, 1}));
      ASSERT_EQ(hex_of(buffer), hex_of(seal(back_end(), text))) << length;
    }
}

TEST_P(AeadBackEnd, ABatchIsTheSameAsOneByOne) {
  Random random{23};
  std::vector<Text> texts;
  for (int i = 0; i < 64; ++i)
    texts.push_back(random_text(random, kBoth[random.below(2)], random.below(300),
                                random.chance(2) ? 0 : random.below(300)));
  std::vector<Bytes> sealed;
  std::vector<Sealing> sealings;
  for (const Text& text : texts) sealed.emplace_back(text.plaintext.size() + kTagLength);
  for (std::size_t i = 0; i < texts.size(); ++i)
    sealings.push_back({.aead = texts[i].aead,
                        .key = texts[i].key,
                        .associated_data = texts[i].associated_data,
                        .nonce = texts[i].nonce,
                        .plaintext = texts[i].plaintext,
                        .sealed = sealed[i]});
  ASSERT_TRUE(back_end().seal(sealings));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(hex_of(sealed[i]), hex_of(seal(back_end(), texts[i]))) << i;
    if (i % 3 == 0) flip(sealed[i], random.below(sealed[i].size() * 8));
  }
  std::vector<Bytes> plaintexts;
  std::vector<Opening> openings;
  for (const Text& text : texts) plaintexts.emplace_back(text.plaintext.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    openings.push_back({.aead = texts[i].aead,
                        .key = texts[i].key,
                        .associated_data = texts[i].associated_data,
                        .nonce = texts[i].nonce,
                        .sealed = sealed[i],
                        .plaintext = plaintexts[i]});
  back_end().open(openings);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(openings[i].good, i % 3 != 0) << i;
    ASSERT_EQ(plaintexts[i], i % 3 == 0 ? Bytes(plaintexts[i].size()) : texts[i].plaintext) << i;
  }
}

// Of the tests in other files too.
INSTANTIATE_TEST_SUITE_P(Each, AeadBackEnd, testing::ValuesIn(kBackEnds),
                         [](const auto& back_end) { return std::string{back_end.param.name}; });

}  // namespace
}  // namespace pollux::nts
