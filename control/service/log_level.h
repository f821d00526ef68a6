// How severe a line of the log is. A value; any thread.
#pragma once

#include <cstdint>

namespace pollux::control {

// In the order of the choices of server.log_level in config_keys.h.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

}  // namespace pollux::control
