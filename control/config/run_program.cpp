#include "control/config/run_program.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <utility>

#include "control/service/log.h"
#include "control/service/signals.h"

namespace pollux::control {

namespace {

constexpr const char* kDefaultFile = "/etc/pollux/pollux.toml";
constexpr const char* kDefaultDirectory = "/etc/pollux/pollux.d";

int run(const ConfigSources& sources, bool check_only, Program program,
        const std::function<void(Config, const ConfigSources&)>& serve) {
  auto config = load_config(sources, program);
  if (!config) {
    for (const auto& error : config.error()) fmt::print(stderr, "{}\n", to_string(error));
    return 1;
  }
  if (check_only) {
    fmt::print("{}: good\n", sources.file.string());
    return 0;
  }
  set_log_level(config->server.log_level);
  block_signals();
  serve(std::move(*config), sources);
  return 0;
}

}  // namespace

ConfigResult load_config(const ConfigSources& sources, Program program) {
  return load_config(config_files(sources.file, sources.directory), program);
}

std::string all_of(const std::vector<ConfigError>& errors) {
  std::vector<std::string> lines;
  lines.reserve(errors.size());
  for (const auto& error : errors) lines.push_back(to_string(error));
  return fmt::format("{}", fmt::join(lines, "; "));
}

int run_program(int argc, char** argv, const ProgramFacts& facts,
                const std::function<void(Config, const ConfigSources&)>& serve) {
  CLI::App app{std::string{facts.description}, std::string{facts.name}};
  ConfigSources sources{.file = kDefaultFile};
  bool check_only = false;
  const auto* file = app.add_option("-c,--config", sources.file, "configuration file");
  const auto* directory = app.add_option("--config-dir", sources.directory,
                                         "directory of further *.toml files, read after the file");
  app.add_flag("--check", check_only, "only say whether the configuration is good");
  app.set_version_flag("--version", fmt::format("{} {}", facts.name, POLLUX_VERSION));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (file->count() == 0 && directory->count() == 0) sources.directory = kDefaultDirectory;
  try {
    return run(sources, check_only, facts.program, serve);
  } catch (const std::exception& error) {
    log_error("{}: {}", facts.name, error.what());
    return 1;
  }
}

}  // namespace pollux::control
