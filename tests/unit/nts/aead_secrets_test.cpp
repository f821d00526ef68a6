// What of clients' keys is left in the memory of this process by the fast back ends: in ipsec-mb's
// managers, the back end itself, the heap and what the stack had.
#include <gtest/gtest.h>

#include <charconv>
#include <fstream>

#include "nts/aead/imb_manager.h"
#include "tests/support/aead_text.h"
#include "tests/support/guarded_buffer.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::Random;
using test::Text;

constexpr std::byte kMask{0x5a};

// Stretches of memory that can be written.
std::vector<std::span<const std::byte>> writable_memory() {
  std::vector<std::span<const std::byte>> result;
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), begin, 16);
    const auto rest = std::from_chars(read.ptr + 1, line.data() + line.size(), end, 16);
    if (std::string_view{rest.ptr + 1, 2} == "rw" && !line.ends_with("[vvar]"))
      result.emplace_back(reinterpret_cast<const std::byte*>(begin), end - begin);
  }
  return result;
}

// A secret that is not in memory as it is.
class Masked {
 public:
  explicit Masked(std::span<const std::byte> secret) : octets_{secret.begin(), secret.end()} {
    for (std::byte& octet : octets_) octet ^= kMask;
  }

  [[nodiscard]] std::size_t places() const {
    std::size_t count = 0;
    for (const auto memory : writable_memory())
      for (std::size_t at = 0; at + octets_.size() <= memory.size(); ++at)
        if (is_at(&memory[at])) ++count;
    return count;
  }

 private:
  [[nodiscard]] bool is_at(const std::byte* memory) const {
    for (std::size_t i = 0; i < octets_.size(); ++i)
      if (*(memory + i) != (octets_[i] ^ kMask)) return false;
    return true;
  }

  Bytes octets_;
};

// Octets that no freed memory has a copy of, with room for more.
Bytes secret_bytes(Random& random, std::size_t count) {
  Bytes result;
  result.reserve(2 * kLongestKey);
  result.resize(count);
  for (std::byte& octet : result) octet = static_cast<std::byte>(random.next() >> 56U);
  return result;
}

class AeadSecrets : public AeadBackEnd {
 protected:
  // One for all tests: a secret of one of them must not be another's.
  static inline Random random{31};

  void SetUp() override {
#if defined(POLLUX_TEST_ADDRESS_SANITIZER)
    GTEST_SKIP() << "a sanitizer keeps memory that was freed";
#else
    AeadBackEnd::SetUp();
#endif
  }
};

std::vector<Masked> halves_of(const Bytes& key) {
  std::vector<Masked> result;
  for (std::size_t at = 0; at < key.size(); at += kAes128KeyLength)
    result.emplace_back(std::span{key}.subspan(at, kAes128KeyLength));
  return result;
}

std::vector<std::size_t> places_of(const std::vector<Masked>& secrets) {
  std::vector<std::size_t> result;
  for (const Masked& secret : secrets) result.push_back(secret.places());
  return result;
}

// So that the test below would see one: an expanded key begins with the key.
TEST_P(AeadSecrets, AnExpandedKeyWouldBeFound) {
  const Bytes key = secret_bytes(random, kAes128KeyLength);
  const Masked secret{key};
  EXPECT_EQ(secret.places(), 1U);
  const ImbManager manager{IpsecMbPath::kBest};
  AesSchedule schedule;
  manager.expand(test::fixed<kAes128KeyLength>(key), schedule);
  EXPECT_EQ(secret.places(), 2U);
}

TEST_P(AeadSecrets, NothingOfAClientsKeyIsLeft) {
  for (const AeadId aead : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv})
    for (const std::size_t length : {0U, 104U, 832U}) {
      const Text text{.aead = aead,
                      .key = secret_bytes(random, key_length(aead)),
                      .nonce = random_bytes(random, 12),
                      .associated_data = random_bytes(random, 188),
                      .plaintext = random_bytes(random, length)};
      const auto secrets = halves_of(text.key);
      const std::vector<std::size_t> before(secrets.size(), 1);
      ASSERT_EQ(places_of(secrets), before);
      const Bytes sealed = seal(back_end(), text);
      EXPECT_EQ(places_of(secrets), before);
      EXPECT_TRUE(open(back_end(), text, sealed).first);
      EXPECT_EQ(places_of(secrets), before);
    }
}

TEST_P(AeadSecrets, NothingOfTheKeysInACookieIsLeft) {
  CookieKey key{.id = 1};
  std::ranges::copy(random_bytes(random, kCookieKeyLength), key.key.begin());
  for (const AeadId aead : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv}) {
    Bytes keys = secret_bytes(random, 2 * key_length(aead));
    Bytes cookie = random_bytes(random, cookie_length(aead));
    const auto secrets = halves_of(keys);
    const std::vector<std::size_t> before(secrets.size(), 1);
    ASSERT_EQ(places_of(secrets), before);
    const CookieSealing sealing{.key = &key, .aead = aead, .keys = keys, .cookie = cookie};
    ASSERT_TRUE(back_end().seal_cookies(std::span{&sealing, 1}));
    EXPECT_EQ(places_of(secrets), before);
    keys.resize(2 * kLongestKey);
    std::ranges::fill(keys, std::byte{0});
    CookieOpening opening{.key = &key, .cookie = *parse_cookie(cookie), .keys = keys};
    back_end().open_cookies(std::span{&opening, 1});
    ASSERT_TRUE(opening.good);
    EXPECT_EQ(places_of(secrets), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, AeadSecrets, testing::ValuesIn(std::span{kBackEnds}.subspan<1>()),
                         [](const auto& back_end) { return std::string{back_end.param.name}; });

}  // namespace
}  // namespace pollux::nts
