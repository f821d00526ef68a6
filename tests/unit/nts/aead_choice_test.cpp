// Which back end a machine gets, and what it is called.
#include "nts/aead/choose.h"

#include <gtest/gtest.h>

#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

#if POLLUX_HAS_IPSEC_MB || POLLUX_HAS_LOCKSTEP
bool has_aes() { return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul"); }
#endif

bool has_ipsec_mb() {
#if POLLUX_HAS_IPSEC_MB
  return has_aes() && __builtin_cpu_supports("sse4.2");
#else
  return false;
#endif
}

bool has_lockstep() {
#if POLLUX_HAS_LOCKSTEP
  return has_aes() && __builtin_cpu_supports("avx");
#else
  return false;
#endif
}

// Nothing where it cannot be had, with a sentence why.
std::string name_of(AeadChoice choice) {
  try {
    const ChosenAead chosen = choose_aead(choice);
    EXPECT_EQ(chosen.remark, "");
    return std::string{chosen.back_end->name()};
  } catch (const std::runtime_error& error) {
    EXPECT_GT(std::string_view{error.what()}.size(), 20U);
    return "";
  }
}

TEST(ChosenAead, IsTheFastestThatTheProcessorCanRun) {
  const ChosenAead chosen = choose_aead();
  const std::string_view name = chosen.back_end->name();
  EXPECT_EQ(name.starts_with("lock-step, "), has_lockstep());
  EXPECT_EQ(name.starts_with("ipsec-mb 1."), has_ipsec_mb() && !has_lockstep());
  EXPECT_EQ(name.starts_with("OpenSSL 3."), !has_ipsec_mb() && !has_lockstep());
  EXPECT_EQ(chosen.remark.empty(), has_ipsec_mb() || has_lockstep());
}

TEST(ChosenAead, IsTheOneThatIsNamedOrNone) {
  EXPECT_TRUE(name_of(AeadChoice::kReference).starts_with("OpenSSL 3."));
  EXPECT_EQ(name_of(AeadChoice::kIpsecMb).starts_with("ipsec-mb 1."), has_ipsec_mb());
  EXPECT_EQ(name_of(AeadChoice::kIpsecMb).empty(), !has_ipsec_mb());
  EXPECT_EQ(name_of(AeadChoice::kLockstep).starts_with("lock-step, "), has_lockstep());
  EXPECT_EQ(name_of(AeadChoice::kLockstep).empty(), !has_lockstep());
}

#if POLLUX_HAS_LOCKSTEP
TEST(ChosenAead, UsesTheWiderInstructionsWhereTheyAre) {
  if (!has_lockstep()) GTEST_SKIP() << "no AES-NI with AVX";
  const bool has_vaes = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("vaes") &&
                        __builtin_cpu_supports("vpclmulqdq");
  EXPECT_EQ(name_of(AeadChoice::kLockstep), has_vaes ? "lock-step, VAES" : "lock-step, AES-NI");
}
#endif

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
