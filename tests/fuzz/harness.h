// What every harness of this folder has: the test of one input, and the inputs it starts from. A
// program is linked with one harness.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

// Every broken invariant in words; empty: none. Keeps nothing from call to call but counts and what
// the code under test keeps.
[[nodiscard]] std::string faults_of_input(const Octets& input);

// How many inputs so far were taken for good, so that mutation_test.cpp can tell that it is not
// idle.
[[nodiscard]] std::uint64_t inputs_accepted();

// What the corpus is written from: a file name and its content.
struct CorpusInput {
  std::string name;
  Octets octets;
};
[[nodiscard]] std::vector<CorpusInput> corpus_inputs();

}  // namespace pollux::test
