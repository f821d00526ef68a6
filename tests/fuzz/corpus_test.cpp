// Replays the corpus of a harness without libFuzzer, and holds it together with the inputs that it
// was written from.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/harness.h"

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
  EXPECT_GE(files, corpus_inputs().size());
}

TEST(Corpus, HoldsEverySeed) {
  EXPECT_FALSE(corpus_inputs().empty());
  for (const auto& input : corpus_inputs())
    EXPECT_EQ(read(kCorpus / input.name), input.octets) << input.name;
}

TEST(Corpus, SeedsHaveNamesOfTheirOwn) {
  auto all = corpus_inputs();
  std::ranges::sort(all, {}, &CorpusInput::name);
  EXPECT_EQ(std::ranges::adjacent_find(all, {}, &CorpusInput::name), all.end());
}

}  // namespace
}  // namespace pollux::test
