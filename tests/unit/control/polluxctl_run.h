// polluxctl called as from a shell.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "control/cli/polluxctl.h"

namespace pollux::cli {

struct Outcome {
  int status;
  std::string output;
  std::string errors;
};

inline Outcome run(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"polluxctl"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  std::ostringstream output;
  std::ostringstream errors;
  const int status = run_polluxctl(static_cast<int>(argv.size()), argv.data(), output, errors);
  return {status, output.str(), errors.str()};
}

}  // namespace pollux::cli
