#include "dataplane/wire/checksum.h"

#include <gtest/gtest.h>

#include "tests/support/octets.h"

namespace pollux::wire {
namespace {

using test::Octets;
using test::Random;
using test::reference_sum;

const std::byte* bytes(const Octets& octets) {
  return reinterpret_cast<const std::byte*>(octets.data());
}

// The integer whose octets in memory are those of `value` in network order.
std::uint16_t in_memory(std::uint16_t value) { return swap_be(value); }

Sum sum_of(const Octets& octets) {
  Sum sum;
  sum.add(bytes(octets), octets.size());
  return sum;
}

TEST(Checksum, ExampleOfRfc1071Section3) {
  const Octets octets = test::from_hex("0001 f203 f4f5 f6f7");
  EXPECT_EQ(sum_of(octets).fold(), in_memory(0xddf2));
  EXPECT_EQ(sum_of(octets).checksum(), in_memory(0x220d));
}

TEST(Checksum, EveryLengthUpTo1500AgainstTheReference) {
  Random random{1};
  for (std::size_t length = 0; length <= 1'500; ++length) {
    const Octets octets = random.octets(length);
    ASSERT_EQ(sum_of(octets).fold(), in_memory(reference_sum(octets))) << length;
  }
}

TEST(Checksum, OctetsOfOneValueAgainstTheReference) {
  for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff}) {
    for (std::size_t length = 0; length <= 100; ++length) {
      const Octets octets(length, static_cast<std::uint8_t>(value));
      ASSERT_EQ(sum_of(octets).fold(), in_memory(reference_sum(octets)))
          << value << " * " << length;
    }
  }
}

TEST(Checksum, StartsAtAnyAddress) {
  Random random{2};
  const Octets octets = random.octets(200);
  for (std::size_t at = 0; at < 9; ++at) {
    Sum sum;
    sum.add(bytes(octets) + at, 97);
    EXPECT_EQ(sum.fold(), in_memory(reference_sum(test::slice(octets, at, 97)))) << at;
  }
}

TEST(Checksum, PiecesAddUpToTheWhole) {
  Random random{3};
  for (int i = 0; i < 2'000; ++i) {
    const Octets octets = random.octets(2 + random.below(400));
    const std::size_t cut = random.below(octets.size() / 2 + 1) * 2;  // at an even offset
    Sum sum;
    sum.add(bytes(octets), cut);
    sum.add(bytes(octets) + cut, octets.size() - cut);
    ASSERT_EQ(sum.fold(), in_memory(reference_sum(octets)));
  }
}

TEST(Checksum, WholeWordsAtOnce) {
  Random random{4};
  for (int i = 0; i < 2'000; ++i) {
    const Octets octets = random.octets(56);
    Sum at_once;
    at_once.add_words<7>(bytes(octets));
    Sum word_by_word;
    for (std::size_t k = 0; k < 7; ++k)
      word_by_word.add(load<std::uint64_t>(bytes(octets) + 8 * k));
    ASSERT_EQ(at_once.fold(), in_memory(reference_sum(octets)));
    ASSERT_EQ(word_by_word.fold(), at_once.fold());
  }
}

// The carry out of 64 bits must come back in.
TEST(Checksum, LargestWordsCarryAround) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  for (int words = 1; words < 20; ++words) {
    Sum sum;
    for (int i = 0; i < words; ++i) sum.add(kOnes);
    EXPECT_EQ(sum.fold(), 0xffffU) << words;
    sum.add(std::uint64_t{1});
    EXPECT_EQ(sum.fold(), 1U) << words;
  }
  Sum sum;
  sum.add(kOnes, kOnes, std::uint64_t{5}, kOnes);
  EXPECT_EQ(sum.fold(), 5U);
}

TEST(Checksum, TheSameAtCompileTimeAndAtRunTime) {
  constexpr auto sum_words = [](std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    Sum sum{a};
    sum.add(b, c);
    return sum.fold();
  };
  constexpr std::uint64_t kA = 0xffff'ffff'0000'8000;
  constexpr std::uint64_t kB = 0x8000'0000'ffff'ffff;
  constexpr std::uint64_t kC = 0x8000'0000'0000'0001;
  constexpr std::uint16_t kCompiled = sum_words(kA, kB, kC);
  const volatile std::uint64_t at_run_time = kA;
  EXPECT_EQ(sum_words(at_run_time, kB, kC), kCompiled);
}

TEST(Checksum, DataWithItsOwnChecksumIsValid) {
  Random random{5};
  for (std::size_t length = 20; length < 200; length += 2) {
    Octets octets = random.octets(length);
    test::set16(octets, 10, 0);
    test::set16(octets, 10, 0xffffU - reference_sum(octets));
    EXPECT_TRUE(is_valid(sum_of(octets))) << length;
    const std::size_t spoiled = random.below(length);
    octets[spoiled] = static_cast<std::uint8_t>(octets[spoiled] + 1 + random.below(254));
    EXPECT_EQ(is_valid(sum_of(octets)), reference_sum(octets) == 0xffff);
  }
}

// RFC 768: a checksum of zero says that there is none.
TEST(Checksum, UdpSendsOnesForZero) {
  EXPECT_EQ(Sum{0xffff}.checksum(), 0U);
  EXPECT_EQ(Sum{0xffff}.udp_checksum(), 0xffffU);
  EXPECT_EQ(Sum{0x1234}.udp_checksum(), 0xedcbU);
  EXPECT_EQ(Sum{}.udp_checksum(), 0xffffU);
}

TEST(Checksum, UnfoldedCarriesOver) {
  Random random{6};
  const Octets first = random.octets(80);
  const Octets second = random.octets(33);
  Sum sum{sum_of(first).unfolded()};
  sum.add(bytes(second), second.size());
  Octets both = first;
  test::put(both, second);
  EXPECT_EQ(sum.fold(), in_memory(reference_sum(both)));
}

// RFC 1624 §3.
TEST(Checksum, UpdateIsTheSameAsComputingAgain) {
  Random random{7};
  for (int i = 0; i < 20'000; ++i) {
    Octets octets = random.octets(20);
    test::set16(octets, 10, 0);
    const std::uint16_t before = sum_of(octets).checksum();
    const std::size_t at = random.chance(2) ? 8 : 12;
    const auto old_word = load<std::uint16_t>(bytes(octets) + at);
    test::set16(octets, at, random.chance(8) ? 0xffff * random.below(2) : random.next());
    const auto new_word = load<std::uint16_t>(bytes(octets) + at);
    const std::uint16_t updated = updated_checksum(before, old_word, new_word);
    store(reinterpret_cast<std::byte*>(octets.data()) + 10, updated);
    ASSERT_EQ(reference_sum(octets), 0xffff) << test::to_hex(octets);
  }
}

// RFC 1624 §4: the case that RFC 1141 gets wrong.
TEST(Checksum, UpdateExampleOfRfc1624Section4) {
  EXPECT_EQ(updated_checksum(0xdd2f, 0x5555, 0x3285), 0x0000U);
}

}  // namespace
}  // namespace pollux::wire
