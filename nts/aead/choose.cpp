#include "nts/aead/choose.h"

#include <stdexcept>

#include "nts/aead/reference.h"
#if POLLUX_HAS_IPSEC_MB
#include "nts/aead/ipsec_mb.h"
#endif

namespace pollux::nts {

ChosenAead choose_aead() {
#if POLLUX_HAS_IPSEC_MB
  try {
    return {.back_end = std::make_unique<IpsecMbAead>()};
  } catch (const std::runtime_error& error) {
    return {.back_end = std::make_unique<ReferenceAead>(), .remark = error.what()};
  }
#else
  return {.back_end = std::make_unique<ReferenceAead>(), .remark = "built without ipsec-mb"};
#endif
}

}  // namespace pollux::nts
