// A network namespace for a test program, with the right to make interfaces in it. Main thread,
// while the program has no other.
#pragma once

#include <string>

namespace pollux::test {

// Why there is none; empty: this program is in one.
[[nodiscard]] std::string enter_own_network();

}  // namespace pollux::test
