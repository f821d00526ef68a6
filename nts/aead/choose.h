// Chooses a back end at start. Any thread; what it gives belongs to one.
#pragma once

#include <memory>
#include <string>

#include "nts/core/aead.h"

namespace pollux::nts {

struct ChosenAead {
  std::unique_ptr<Aead> back_end;
  std::string remark;  // why it is only the reference one; empty when it is the fast one
};

// ipsec-mb where it was there at build time and the processor has what it needs, else the reference
// one. Throws std::runtime_error where neither can be had.
[[nodiscard]] ChosenAead choose_aead();

}  // namespace pollux::nts
