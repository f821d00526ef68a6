// pollux-ke: reads its arguments and configuration, then hands over to the daemon.
#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>

#include "control/ke/ke_daemon.h"
#include "control/service/log.h"

namespace {

using pollux::ke::KeDaemon;
namespace control = pollux::control;

constexpr const char* kDefaultFile = "/etc/pollux/pollux.toml";
constexpr const char* kDefaultDirectory = "/etc/pollux/pollux.d";

// Every thread inherits this: signals are read by the control thread alone.
void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int run(const KeDaemon::Sources& sources, bool check_only) {
  auto config = control::load_config(control::config_files(sources.file, sources.directory),
                                     control::Program::kPolluxKe);
  if (!config) {
    for (const auto& error : config.error()) fmt::print(stderr, "{}\n", to_string(error));
    return 1;
  }
  if (check_only) {
    fmt::print("{}: good\n", sources.file.string());
    return 0;
  }
  control::set_log_level(config->server.log_level);
  block_signals();
  KeDaemon daemon{std::move(*config), sources};
  daemon.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Pollux key establishment for NTS: gives cookies to NTP clients over TLS",
               "pollux-ke"};
  KeDaemon::Sources sources{.file = kDefaultFile};
  bool check_only = false;
  const auto* file = app.add_option("-c,--config", sources.file, "configuration file");
  const auto* directory = app.add_option("--config-dir", sources.directory,
                                         "directory of further *.toml files, read after the file");
  app.add_flag("--check", check_only, "only say whether the configuration is good");
  app.set_version_flag("--version", "pollux-ke " POLLUX_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (file->count() == 0 && directory->count() == 0) sources.directory = kDefaultDirectory;
  try {
    return run(sources, check_only);
  } catch (const std::exception& error) {
    control::log_error("pollux-ke: {}", error.what());
    return 1;
  }
}
