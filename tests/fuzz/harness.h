// What every harness of this folder has: the test of one input, and the inputs it starts from. A
// program is linked with one harness.
#pragma once

#include <string>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

// Every broken invariant in words; empty: none. Counts nothing and keeps nothing from call to call
// but what the code under test keeps.
[[nodiscard]] std::string faults_of_input(const Octets& input);

// What the corpus is written from: a file name and its content.
struct CorpusInput {
  std::string name;
  Octets octets;
};
[[nodiscard]] std::vector<CorpusInput> corpus_inputs();

}  // namespace pollux::test
