// EAL for a test program: started once, before the first test, without privileges or hugepages.
// Main thread only.
#pragma once

#include <vector>

namespace pollux::test {

// The CPUs that workers run on, one for each; the tests themselves run on the others.
[[nodiscard]] const std::vector<unsigned>& worker_cores();

// True on a machine so small that a worker and the test take turns on one CPU.
[[nodiscard]] bool shares_cpu_with_worker();

}  // namespace pollux::test
