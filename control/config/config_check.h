// Contradictions between keys, checked when all files have been read. A part of the configuration
// parser; control thread.
#pragma once

#include <vector>

#include "control/config/config.h"
#include "control/config/config_reader.h"

namespace pollux::control {

// `ports_at` tells where each of config.ports begins. Errors go to the reader.
void check_contradictions(ConfigReader& reader, const Config& config,
                          const std::vector<Location>& ports_at);

}  // namespace pollux::control
