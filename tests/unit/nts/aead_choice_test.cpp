// Which back end a machine gets, and what it is called.
#include "nts/aead/choose.h"

#include <gtest/gtest.h>

#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

bool has_ipsec_mb() {
#if POLLUX_HAS_IPSEC_MB
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
         __builtin_cpu_supports("sse4.2");
#else
  return false;
#endif
}

TEST(ChosenAead, IsTheFastOneWhereTheProcessorHasWhatItNeeds) {
  const ChosenAead chosen = choose_aead();
  EXPECT_EQ(chosen.back_end->name().starts_with("ipsec-mb 1."), has_ipsec_mb());
  EXPECT_EQ(chosen.back_end->name().starts_with("OpenSSL 3."), !has_ipsec_mb());
  EXPECT_EQ(chosen.remark.empty(), has_ipsec_mb());
}

TEST_P(AeadBackEnd, GivesOtherNoncesEachTime) {
  std::array<std::byte, 16> first{};
  std::array<std::byte, 16> second{};
  back_end().fill_nonce(first);
  back_end().fill_nonce(second);
  EXPECT_NE(first, second);
  EXPECT_FALSE(back_end().name().empty());
}

}  // namespace
}  // namespace pollux::nts
