#include "control/cli/polluxctl.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/cli/client.h"
#include "control/cli/verbs.h"

namespace pollux::cli {
namespace {

struct Options {
  std::string socket = "/run/pollux";
  OutputFormat format = OutputFormat::kTable;
  std::optional<double> watch_seconds;
  std::vector<std::filesystem::path> files;
  double wait_seconds = 0;
};

constexpr std::array<std::pair<const char*, const char*>, 6> kShowVerbs = {{
    {"status", "one screen: clock, requests, ports, workers, warnings"},
    {"tracking", "the served time in the words of chronyc"},
    {"sources", "hardware clocks, system clock, and the voters that judge them"},
    {"serverstats", "what was answered, left to the kernel and dropped, and why"},
    {"workers", "the load of each worker"},
    {"ports", "link, addresses and counters of each port"},
}};

constexpr std::array<std::pair<const char*, const char*>, 4> kNtsVerbs = {{
    {"status", "one screen: certificate, sessions, keys, and what polluxd has of them"},
    {"keys", "ids and ages of the keys that cookies are sealed with"},
    {"rotate", "make the next key the current one"},
    {"reload", "make pollux-ke read its configuration, certificate and keys again"},
}};

void add_options(CLI::App& app, Options& options) {
  const std::vector<std::pair<std::string, OutputFormat>> formats = {
      {"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}};
  app.add_option("--socket", options.socket, "directory of the sockets, or polluxd's observe.sock")
      ->capture_default_str();
  app.add_option("-o", options.format, "table or json")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("FORMAT");
  app.add_option("-w", options.watch_seconds, "show it again every so many seconds")
      ->check(CLI::Range(0.1, 86400.0))
      ->option_text("SECONDS");
  app.set_version_flag("--version", "polluxctl " POLLUX_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  for (const auto& [verb, help] : kShowVerbs) {
    app.add_subcommand(verb, help);
  }
  app.add_subcommand("validate", "check configuration files, merged in the order given")
      ->add_option("FILE", options.files, "configuration file")
      ->required();
  app.add_subcommand("waitsync", "wait until polluxd is there and synchronised")
      ->add_option("SECONDS", options.wait_seconds, "at most that long")
      ->check(CLI::Range(0.0, 86400.0))
      ->required();
  app.add_subcommand("reload", "make polluxd read its configuration again");
  CLI::App* nts = app.add_subcommand("nts", "key establishment, its certificate and its keys");
  nts->require_subcommand(1);
  for (const auto& [verb, help] : kNtsVerbs) {
    nts->add_subcommand(verb, help);
  }
}

// Once, or again and again until something fails.
int repeated(const std::function<int()>& show_once, const Options& options, Streams streams) {
  if (!options.watch_seconds) {
    return show_once();
  }
  constexpr const char* kClearScreen = "\x1b[H\x1b[2J";
  const bool clear = options.format == OutputFormat::kTable && isatty(STDOUT_FILENO) != 0;
  while (true) {
    streams.output << (clear ? kClearScreen : "");
    const int status = show_once();
    streams.output.flush();
    if (status == kError || !streams.output) {
      return kError;
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(*options.watch_seconds));
  }
}

int run_nts_verb(const std::string& verb, const SocketPaths& sockets, const Options& options,
                 Streams streams) {
  if (verb == "rotate" || verb == "reload") {
    return request(sockets.ke_control, verb, streams);
  }
  return repeated([&] { return show_nts(verb, sockets, options.format, streams); }, options,
                  streams);
}

int run_verb(const CLI::App& app, const Options& options, Streams streams) {
  const SocketPaths sockets = socket_paths(options.socket);
  const CLI::App* chosen = app.get_subcommands().front();
  const std::string verb = chosen->get_name();
  if (verb == "nts") {
    return run_nts_verb(chosen->get_subcommands().front()->get_name(), sockets, options, streams);
  }
  if (verb == "validate") {
    return validate(options.files, streams);
  }
  if (verb == "waitsync") {
    return waitsync(sockets, std::chrono::duration<double>(options.wait_seconds), streams);
  }
  if (verb == "reload") {
    return request(sockets.control, verb, streams);
  }
  return repeated([&] { return show(verb, sockets, options.format, streams); }, options, streams);
}

}  // namespace

int run_polluxctl(int argc, const char* const* argv, std::ostream& output, std::ostream& errors) {
  CLI::App app("Shows and controls a running polluxd and pollux-ke.", "polluxctl");
  app.footer(
      "Exit status: 0 good, 1 error, 2 unsynchronised, a port without link, or trouble with NTS.");
  Options options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help, output, errors);
  } catch (const CLI::ParseError& error) {
    errors << "polluxctl: " << error.what() << " (polluxctl --help)\n";
    return kError;
  }
  const int status = run_verb(app, options, {output, errors});
  output.flush();
  if (!output) {
    errors << "polluxctl: cannot write the output\n";
    return kError;
  }
  return status;
}

}  // namespace pollux::cli
