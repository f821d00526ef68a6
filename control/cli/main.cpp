#include <iostream>

#include "control/cli/polluxctl.h"

int main(int argc, char** argv) {
  return pollux::cli::run_polluxctl(argc, argv, std::cout, std::cerr);
}
