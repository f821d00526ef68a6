// The entry of libFuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string faults = pollux::test::faults_of_input({data, data + size});
  if (!faults.empty()) {
    std::fprintf(stderr, "%s\n", faults.c_str());
    std::abort();
  }
  return 0;
}
