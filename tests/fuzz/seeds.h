// Valid and nearly valid frames of every kind that the responder tells apart: the corpus of the
// fuzzer and the raw material of the random driver.
#pragma once

#include <string>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

struct Seed {
  std::string name;
  Octets frame;
};

[[nodiscard]] std::vector<Seed> seeds();

}  // namespace pollux::test
