// The histogram of how long requests stay with a worker.
#include "dataplane/port/residence.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace pollux::test {
namespace {

using port::kResidenceSteps;
using port::Residence;
using port::residence_floor;
using port::residence_step;

TEST(Residence, StepsFollowEachOtherWithoutAGap) {
  EXPECT_EQ(residence_floor(0), 0U);
  for (std::size_t step = 1; step < kResidenceSteps; ++step) {
    const std::uint64_t floor = residence_floor(step);
    EXPECT_EQ(residence_step(floor), step);
    EXPECT_EQ(residence_step(floor - 1), step - 1);
  }
}

TEST(Residence, AStepIsAtMostAnEighthOfItsSamples) {
  for (std::size_t step = 8; step + 1 < kResidenceSteps; ++step)
    EXPECT_LE((residence_floor(step + 1) - residence_floor(step)) * 8, residence_floor(step));
}

TEST(Residence, TheLastStepTakesWhatIsLonger) {
  EXPECT_EQ(residence_step((std::uint64_t{1} << 32U) - 1), kResidenceSteps - 1);
  EXPECT_EQ(residence_step(std::uint64_t{1} << 32U), kResidenceSteps - 1);
  EXPECT_EQ(residence_step(std::numeric_limits<std::uint64_t>::max()), kResidenceSteps - 1);
}

TEST(Residence, CountsRequestsWhereTheyBelong) {
  Residence residence;
  residence.add(1000, 32);
  residence.add(1001, 3);
  residence.add(-5, 2);
  residence.add(5000, 0);
  const auto counts = residence.read();
  EXPECT_EQ(counts[residence_step(1000)], 35U);
  EXPECT_EQ(counts[0], 2U);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 37U);
}

}  // namespace
}  // namespace pollux::test
