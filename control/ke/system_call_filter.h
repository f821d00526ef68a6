// The system calls that pollux-ke may still make once it has started; seccomp(2). Control thread;
// threads that it starts afterwards have the same filter.
#pragma once

#include <optional>
#include <string>

namespace pollux::ke {

// From now on all others fail with EPERM. A sentence where the platform has no filter.
[[nodiscard]] std::optional<std::string> filter_system_calls();

}  // namespace pollux::ke
