// Reads one [[port]] table. A part of the configuration parser; control thread.
#pragma once

#include <toml++/toml.h>

#include <cstddef>
#include <optional>
#include <string>

#include "control/config/config.h"
#include "control/config/config_reader.h"

namespace pollux::control {

// Errors go to the reader; the result is of use only when there are none.
[[nodiscard]] PortConfig read_port(ConfigReader& reader, const toml::table& table);

// What tells whether two ports are one device: a PCI address, an interface or a DPDK device name.
[[nodiscard]] std::string device_name(const PortConfig& port);

// The name of the interface that the kernel gets for the port of that place in the configuration;
// none: it gets none.
[[nodiscard]] std::optional<std::string> kernel_interface(const PortConfig& port,
                                                          std::size_t index);

}  // namespace pollux::control
