// The life of a daemon from its command line to its exit code, the same for every program that
// reads this configuration. Main thread, before there are others.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "control/config/config.h"

namespace pollux::control {

// Where the configuration is read from, again on reload.
struct ConfigSources {
  std::filesystem::path file;
  std::filesystem::path directory;  // empty: none
};

[[nodiscard]] ConfigResult load_config(const ConfigSources& sources, Program program);

// Every error in one sentence.
[[nodiscard]] std::string all_of(const std::vector<ConfigError>& errors);

struct ProgramFacts {
  Program program = Program::kAny;
  std::string_view name;
  std::string_view description;
};

// Reads command line and configuration, blocks the signals of block_signals() and calls `serve`,
// which returns when it is told to stop and throws std::exception with a sentence. Gives the exit
// code: 0, or 1 with one line for each error.
[[nodiscard]] int run_program(int argc, char** argv, const ProgramFacts& facts,
                              const std::function<void(Config, const ConfigSources&)>& serve);

}  // namespace pollux::control
