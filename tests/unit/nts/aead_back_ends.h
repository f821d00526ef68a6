// For tests that every back end has to pass: TEST_P(AeadBackEnd, ...). One file names the back ends
// for all of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>

#include "nts/aead/reference.h"
#if POLLUX_HAS_IPSEC_MB
#include "nts/aead/ipsec_mb.h"
#endif
#if POLLUX_HAS_LOCKSTEP
#include "nts/aead/lockstep.h"
#endif

namespace pollux::nts {

struct BackEnd {
  const char* name;
  std::unique_ptr<Aead> (*make)();

  friend void PrintTo(const BackEnd& back_end, std::ostream* to) { *to << back_end.name; }
};

#if POLLUX_HAS_IPSEC_MB
template <IpsecMbPath kPath>
std::unique_ptr<Aead> make_ipsec_mb() {
  return std::make_unique<IpsecMbAead>(kPath);
}
#endif

#if POLLUX_HAS_LOCKSTEP
template <LockstepPath kPath>
std::unique_ptr<Aead> make_lockstep() {
  return std::make_unique<LockstepAead>(kPath);
}
#endif

inline constexpr BackEnd kBackEnds[] = {
    {"reference", []() -> std::unique_ptr<Aead> { return std::make_unique<ReferenceAead>(); }},
#if POLLUX_HAS_IPSEC_MB
    {"ipsec_mb", make_ipsec_mb<IpsecMbPath::kBest>},
    {"ipsec_mb_sse", make_ipsec_mb<IpsecMbPath::kSse>},
    {"ipsec_mb_avx", make_ipsec_mb<IpsecMbPath::kAvx>},
    {"ipsec_mb_avx2", make_ipsec_mb<IpsecMbPath::kAvx2>},
    {"ipsec_mb_avx512", make_ipsec_mb<IpsecMbPath::kAvx512>},
#endif
#if POLLUX_HAS_LOCKSTEP
    {"lockstep_aesni", make_lockstep<LockstepPath::kAesNi>},
    {"lockstep_vaes", make_lockstep<LockstepPath::kVaes>},
#endif
};

class AeadBackEnd : public testing::TestWithParam<BackEnd> {
 protected:
  void SetUp() override {
    try {
      made_ = GetParam().make();
    } catch (const std::runtime_error& error) {
      GTEST_SKIP() << error.what();
    }
  }

  [[nodiscard]] Aead& back_end() { return *made_; }

 private:
  std::unique_ptr<Aead> made_;
};

}  // namespace pollux::nts
