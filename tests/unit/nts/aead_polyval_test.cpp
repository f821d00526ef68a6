#include <gtest/gtest.h>

#include <bitset>

#include "nts/aead/polyval.h"
#include "tests/support/aead_text.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::bytes_of;
using test::flip;
using test::hex_of;
using test::Random;

Block block_of(const Bytes& bytes) {
  Block result{};
  std::ranges::copy(test::fixed<16>(bytes), result.begin());
  return result;
}

// RFC 8452 §3 word for word: bit i of the octets, the lowest of each first, is x^i.
using Polynomial = std::bitset<128>;

Polynomial polynomial(std::span<const std::byte, 16> bytes) {
  Polynomial result;
  for (std::size_t i = 0; i < 128; ++i)
    result[i] = (std::to_integer<unsigned>(bytes[i / 8]) >> (i % 8) & 1U) != 0;
  return result;
}

// x^128 is x^127 + x^126 + x^121 + 1.
Polynomial times_x(const Polynomial& value) {
  Polynomial result = value << 1U;
  if (value[127])
    for (const std::size_t i : {127U, 126U, 121U, 0U}) result.flip(i);
  return result;
}

// x^-128, as §3 gives it.
Polynomial inverse_of_x128() {
  Polynomial result;
  for (const std::size_t i : {127U, 124U, 121U, 114U, 0U}) result.set(i);
  return result;
}

Polynomial product(const Polynomial& one, Polynomial other) {
  Polynomial result;
  for (std::size_t i = 0; i < 128; ++i, other = times_x(other))
    if (one[i]) result ^= other;
  return result;
}

Polynomial reference(const Bytes& key, const Bytes& blocks) {
  const Polynomial factor = product(polynomial(test::fixed<16>(key)), inverse_of_x128());
  Polynomial sum;
  for (std::size_t at = 0; at < blocks.size(); at += 16)
    sum = product(sum ^ polynomial(std::span{blocks}.subspan(at).first<16>()), factor);
  return sum;
}

TEST(Polyval, ExampleOfRfc8452AppendixA) {
  Polyval polyval{block_of(bytes_of("25629347589242761d31f826ba4b757b"))};
  polyval.add(bytes_of("4f4f95668c83dfb6401762bb2d01a262 d1a24ddd2721d006bbe45f20d3c9f362"));
  EXPECT_EQ(hex_of(polyval.sum()), "f7a3b47b846119fae5b7866cf5e5b77e");
}

// Random octets, and blocks with few bits set or with all, where carries would show.
TEST(Polyval, AgreesWithPolynomialsBitByBit) {
  Random random{8452};
  const auto block = [&] {
    Bytes bytes = random_bytes(random, 16);
    if (random.chance(3)) bytes.assign(16, random.chance(2) ? std::byte{0xff} : std::byte{});
    if (random.chance(3)) flip(bytes, random.below(128));
    return bytes;
  };
  for (int i = 0; i < 2'000; ++i) {
    const Bytes key = block();
    Bytes message;
    for (std::size_t count = 1 + random.below(4); count > 0; --count) {
      const Bytes next = block();
      message.insert(message.end(), next.begin(), next.end());
    }
    Polyval polyval{block_of(key)};
    polyval.add(message);
    ASSERT_EQ(polynomial(polyval.sum()), reference(key, message)) << hex_of(key);
  }
}

TEST(Polyval, FillsTheLastBlockWithZeros) {
  Random random{1};
  const Block key = block_of(random_bytes(random, 16));
  for (std::size_t length = 0; length <= 48; ++length) {
    Bytes message = random_bytes(random, length);
    Polyval polyval{key};
    polyval.add(message);
    message.resize((length + 15) / 16 * 16);
    Polyval padded{key};
    padded.add(message);
    EXPECT_EQ(polyval.sum(), padded.sum()) << length;
  }
}

}  // namespace
}  // namespace pollux::nts
