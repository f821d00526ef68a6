// What pollux-ke gives up for good before it talks to anybody. Control thread, before there are
// others. Errors are sentences for the operator.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace pollux::ke {

// Raises the limit of open descriptors where it is lower than what is needed.
[[nodiscard]] std::expected<void, std::string> allow_descriptors(std::size_t needed);

// Becomes the user, with that user's groups. For root only; nobody else has the right to.
[[nodiscard]] std::expected<void, std::string> become_user(const std::string& name);

// No capabilities, none to be had by execve(2) either, no core files and no debugger: memory holds
// keys.
[[nodiscard]] std::expected<void, std::string> give_up_privileges();

}  // namespace pollux::ke
