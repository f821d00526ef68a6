// Chooses a back end at start. Any thread; what it gives belongs to one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nts/core/aead.h"

namespace pollux::nts {

enum class AeadChoice : std::uint8_t { kAuto, kLockstep, kIpsecMb, kReference };

struct ChosenAead {
  std::unique_ptr<Aead> back_end;
  std::string remark;  // why kAuto came to the reference one; else empty
};

// kAuto: lock-step with what the processor has, else ipsec-mb, else the reference one. Throws
// std::runtime_error, in a sentence for people, where the one that is named cannot be had, since
// the processor lacks something or it is not in this build, or with kAuto none can.
[[nodiscard]] ChosenAead choose_aead(AeadChoice choice = AeadChoice::kAuto);

}  // namespace pollux::nts
