// The command line of polluxctl as a function, so that tests can call it.
#pragma once

#include <ostream>

namespace pollux::cli {

// Gives the exit status: 0 good, 1 error (one line on `errors`), 2 degraded.
[[nodiscard]] int run_polluxctl(int argc, const char* const* argv, std::ostream& output,
                                std::ostream& errors);

}  // namespace pollux::cli
