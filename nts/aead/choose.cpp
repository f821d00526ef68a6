#include "nts/aead/choose.h"

#include <stdexcept>

#include "nts/aead/reference.h"
#if POLLUX_HAS_IPSEC_MB
#include "nts/aead/ipsec_mb.h"
#endif
#if POLLUX_HAS_LOCKSTEP
#include "nts/aead/lockstep.h"
#endif

namespace pollux::nts {

namespace {

std::unique_ptr<Aead> make_lockstep() {
#if POLLUX_HAS_LOCKSTEP
  return std::make_unique<LockstepAead>();
#else
  throw std::runtime_error{"lock-step is not in this build, as it is for x86-64 only"};
#endif
}

std::unique_ptr<Aead> make_ipsec_mb() {
#if POLLUX_HAS_IPSEC_MB
  return std::make_unique<IpsecMbAead>();
#else
  throw std::runtime_error{"ipsec-mb is not in this build"};
#endif
}

ChosenAead fastest() {
  std::string remark;
  for (const auto make : {make_lockstep, make_ipsec_mb}) {
    try {
      return {.back_end = make()};
    } catch (const std::runtime_error& error) {
      remark += remark.empty() ? "" : "; ";
      remark += error.what();
    }
  }
  return {.back_end = std::make_unique<ReferenceAead>(), .remark = remark};
}

}  // namespace

ChosenAead choose_aead(AeadChoice choice) {
  switch (choice) {
    case AeadChoice::kLockstep:
      return {.back_end = make_lockstep()};
    case AeadChoice::kIpsecMb:
      return {.back_end = make_ipsec_mb()};
    case AeadChoice::kReference:
      return {.back_end = std::make_unique<ReferenceAead>()};
    case AeadChoice::kAuto:
      break;
  }
  return fastest();
}

}  // namespace pollux::nts
