#include "control/cli/verbs.h"
#include "control/config/config.h"

namespace pollux::cli {

int validate(const std::vector<std::filesystem::path>& files, Streams streams) {
  const auto config = control::load_config(files, control::Program::kAny);
  if (!config) {
    for (const control::ConfigError& error : config.error()) {
      streams.errors << to_string(error) << '\n';
    }
    return kError;
  }
  for (const auto& file : files) {
    streams.output << file.string() << ": good\n";
  }
  return kGood;
}

}  // namespace pollux::cli
