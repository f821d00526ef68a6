// The inputs of a harness with a few octets changed, from a fixed seed.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fuzz/harness.h"

namespace pollux::test {
namespace {

void change(Octets& input, Random& random) {
  if (input.empty()) {
    input = random.octets(1 + random.below(8));
    return;
  }
  const std::size_t at = random.below(input.size());
  switch (random.below(6)) {
    case 0:
      input[at] = static_cast<std::uint8_t>(input[at] ^ 1U << random.below(8));
      break;
    case 1:
      input[at] = static_cast<std::uint8_t>(random.next());
      break;
    case 2:
      std::fill_n(input.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min<std::size_t>(input.size() - at, 8), random.chance(2) ? 0xff : 0x00);
      break;
    case 3:
    case 4:
      input[at] = input[random.below(input.size())];  // in a text, another of its characters
      break;
    default:
      input.resize(random.chance(2) ? at + 1 : input.size() + random.below(8));
  }
}

TEST(Inputs, KeepEveryInvariantWhenChanged) {
  constexpr std::uint64_t kInputs = 200'000;
  const auto seeds = corpus_inputs();
  Random random{1};
  const auto accepted = inputs_accepted();
  for (std::uint64_t i = 0; i < kInputs; ++i) {
    Octets input = seeds[random.below(seeds.size())].octets;
    for (std::size_t changes = 1 + random.below(3); changes > 0; --changes) change(input, random);
    ASSERT_EQ(faults_of_input(input), "") << to_hex(input);
  }
  // A driver whose inputs are all refused tests nothing, nor one whose are all taken.
  EXPECT_GT(inputs_accepted() - accepted, kInputs / 20);
  EXPECT_LT(inputs_accepted() - accepted, kInputs * 19 / 20);
}

}  // namespace
}  // namespace pollux::test
