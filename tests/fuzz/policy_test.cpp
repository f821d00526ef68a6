// The seeds of frame_to_reply under every policy that the control octets can choose.
#include <gtest/gtest.h>

#include "tests/fuzz/frame_to_reply.h"
#include "tests/fuzz/seeds.h"

namespace pollux::test {
namespace {

TEST(Seeds, KeepEveryInvariantUnderEveryPolicy) {
  for (const auto& seed : seeds()) {
    for (unsigned control = 0; control < 256; ++control) {
      const auto first = static_cast<std::uint8_t>(control);
      const auto second = static_cast<std::uint8_t>(control * 73);
      const auto third = static_cast<std::uint8_t>(control / 16 & 0x0fU);
      EXPECT_EQ(faults_of_input(make_input({first, second, third, first}, seed.frame)), "")
          << seed.name << ' ' << control;
    }
  }
}

}  // namespace
}  // namespace pollux::test
