// Messages of chronyd and ptp4l with a few octets changed, from a fixed seed.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fuzz/peer_message.h"

namespace pollux::test {
namespace {

void change(Octets& input, Random& random) {
  const std::size_t at = random.below(input.size());
  switch (random.below(4)) {
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
    default:
      input.resize(random.chance(2) ? at + 1 : input.size() + random.below(8));
  }
}

TEST(PeerMessages, KeepEveryInvariantWhenChanged) {
  constexpr std::uint64_t kInputs = 200'000;
  const auto seeds = corpus_inputs();
  Random random{1};
  const auto accepted = messages_accepted();
  for (std::uint64_t i = 0; i < kInputs; ++i) {
    Octets input = seeds[random.below(seeds.size())].octets;
    for (std::size_t changes = 1 + random.below(3); changes > 0; --changes) change(input, random);
    ASSERT_EQ(faults_of_input(input), "") << to_hex(input);
  }
  // A driver whose messages are all refused tests nothing, nor one whose are all taken.
  EXPECT_GT(messages_accepted() - accepted, kInputs / 10);
  EXPECT_LT(messages_accepted() - accepted, kInputs * 9 / 10);
}

}  // namespace
}  // namespace pollux::test
