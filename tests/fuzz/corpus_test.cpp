// Replays the corpus without libFuzzer, and holds it together with the seeds that it was written
// from.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/frame_to_reply.h"
#include "tests/fuzz/seeds.h"

namespace pollux::test {
namespace {

const std::filesystem::path kCorpus{POLLUX_TEST_CORPUS};

Octets read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

TEST(Corpus, KeepsEveryInvariant) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{kCorpus}) {
    EXPECT_EQ(faults_of_input(read(entry.path())), "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 40U);
}

// Under every policy that the control octets can choose.
TEST(Corpus, KeepsEveryInvariantUnderEveryPolicy) {
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

TEST(Corpus, HoldsEverySeed) {
  for (const auto& seed : seeds())
    EXPECT_EQ(read(kCorpus / seed.name), make_input({}, seed.frame)) << seed.name;
}

TEST(Corpus, SeedsHaveNamesOfTheirOwn) {
  auto all = seeds();
  std::ranges::sort(all, {}, &Seed::name);
  EXPECT_EQ(std::ranges::adjacent_find(all, {}, &Seed::name), all.end());
}

}  // namespace
}  // namespace pollux::test
