// Two back ends of authenticated encryption held against each other, for any octets. For the
// programs in this folder only.
#pragma once

#include <string>

#include "nts/core/aead.h"
#include "tests/fuzz/harness.h"

namespace pollux::test {

// The octets say which messages and cookies make a batch: shapes, damage and a seed for the rest.
[[nodiscard]] std::string faults_of_aead(nts::Aead& one, nts::Aead& other, const Octets& input);

}  // namespace pollux::test
