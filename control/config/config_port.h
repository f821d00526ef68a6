// Reads one [[port]] table. A part of the configuration parser; control thread.
#pragma once

#include <toml++/toml.h>

#include "control/config/config.h"
#include "control/config/config_reader.h"

namespace pollux::control {

// Errors go to the reader; the result is of use only when there are none.
[[nodiscard]] PortConfig read_port(ConfigReader& reader, const toml::table& table);

// What tells whether two ports are one device: a PCI address, an interface or a DPDK device name.
[[nodiscard]] std::string device_name(const PortConfig& port);

}  // namespace pollux::control
