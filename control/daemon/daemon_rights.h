// What polluxd may still do once everything is open: worked out from the configuration. Pure; any
// thread.
#pragma once

#include <vector>

#include "control/config/config.h"
#include "control/service/privileges.h"

namespace pollux::control {

// The capabilities that the ports need after their start, each once: for what a reload or the host
// may change, and for the end.
[[nodiscard]] std::vector<Capability> capabilities_to_keep(const Config& config);

}  // namespace pollux::control
