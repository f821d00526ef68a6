// How long requests stayed, as the observe document tells it.
#include "control/daemon/residence_document.h"

#include <gtest/gtest.h>

namespace pollux::test {
namespace {

using control::residence_document;
using nlohmann::json;

constexpr double kHertz = 1e9;

TEST(ResidenceDocument, TellsNoQuantileOfNothing) {
  const json document = residence_document({}, kHertz);
  EXPECT_EQ(document.at("replies"), 0U);
  for (const char* key : {"p50_s", "p90_s", "p99_s", "p999_s", "max_s"})
    EXPECT_TRUE(document.at(key).is_null()) << key;
  EXPECT_EQ(document.at("steps_ticks"), json::array());
}

TEST(ResidenceDocument, TellsNoSecondsWithoutTheRateOfTheCounter) {
  port::ResidenceCounts counts{};
  counts[3] = 1;
  const json document = residence_document(counts, 0);
  EXPECT_TRUE(document.at("p50_s").is_null());
  EXPECT_EQ(document.at("steps_ticks"), (json{{3, 1}}));
}

TEST(ResidenceDocument, RanksRequestsAndEndsWithTheirSteps) {
  port::ResidenceCounts counts{};
  counts[port::residence_step(1000)] = 989;
  counts[port::residence_step(2000)] = 10;
  counts[port::residence_step(50'000)] = 1;
  const json document = residence_document(counts, kHertz);
  EXPECT_EQ(document.at("replies"), 1000U);
  EXPECT_DOUBLE_EQ(document.at("p50_s"), 1024e-9);
  EXPECT_DOUBLE_EQ(document.at("p90_s"), 1024e-9);
  EXPECT_DOUBLE_EQ(document.at("p99_s"), 2048e-9);
  EXPECT_DOUBLE_EQ(document.at("p999_s"), 2048e-9);
  EXPECT_DOUBLE_EQ(document.at("max_s"), 53'248e-9);
  EXPECT_EQ(document.at("steps_ticks"), (json{{960, 989}, {1920, 10}, {49'152, 1}}));
}

}  // namespace
}  // namespace pollux::test
