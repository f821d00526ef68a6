// Every back end beside the reference one, bit for bit, over whole batches.
#include <gtest/gtest.h>

#include "tests/support/aead_batch.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

TEST_P(AeadBackEnd, AgreesWithTheReferenceOnRandomBatches) {
  constexpr std::size_t kBatches = 600;
  test::Random random{40};
  ReferenceAead reference;
  test::AeadComparison comparison{back_end(), reference};
  for (std::size_t i = 0; i < kBatches; ++i)
    ASSERT_EQ(comparison.faults_of(test::random_batch(random, 1 + random.below(32))), "") << i;
  EXPECT_GT(comparison.opened(), kBatches);
  EXPECT_GT(comparison.refused(), kBatches);
}

// A cookie key that comes back after others had its place.
TEST_P(AeadBackEnd, AgreesOverKeysThatComeAndGo) {
  test::Random random{41};
  ReferenceAead reference;
  test::AeadComparison comparison{back_end(), reference};
  test::AeadBatch batch = test::random_batch(random, 32);
  for (std::size_t i = 0; i < 50; ++i) {
    ASSERT_EQ(comparison.faults_of(batch), "") << i;
    for (auto& cookie : batch.cookies) cookie.key = random.below(batch.keys.size());
    batch.messages.clear();
  }
}

}  // namespace
}  // namespace pollux::nts
