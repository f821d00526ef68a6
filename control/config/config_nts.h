// Contradictions within the sections [nts] and [ke]. A part of the configuration parser; control
// thread.
#pragma once

#include "control/config/config.h"
#include "control/config/config_reader.h"

namespace pollux::control {

// Errors go to the reader.
void check_nts(ConfigReader& reader, const NtsConfig& nts);
void check_ke(ConfigReader& reader, const KeConfig& ke);

}  // namespace pollux::control
