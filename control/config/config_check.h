// Contradictions between keys, checked when all files have been read. A part of the configuration
// parser; control thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/config/config.h"
#include "control/config/config_reader.h"

namespace pollux::control {

// `ports_at` tells where each of config.ports begins. Errors go to the reader.
void check_contradictions(ConfigReader& reader, const Config& config, Program program,
                          const std::vector<Location>& ports_at);

// For the key of a path: it is empty or begins with '/', or is kNoFile where that is allowed.
void check_path(ConfigReader& reader, std::string_view key, const std::string& path,
                bool may_be_none);

}  // namespace pollux::control
