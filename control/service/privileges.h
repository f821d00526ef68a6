// What a daemon gives up for good once everything is open. Control thread. Errors are sentences for
// the operator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/service/accounts.h"

namespace pollux::control {

// Those that some way to run a daemon needs, see capabilities(7).
enum class Capability : std::uint8_t { kNetAdmin, kNetBindService };

[[nodiscard]] std::string_view name(Capability capability);  // "cap_net_admin"

// Raises the limit of open descriptors where it is lower than what is needed.
[[nodiscard]] std::expected<void, std::string> allow_descriptors(std::size_t needed);

// Who to become: the user of the configuration's `key`, where root starts the program and the key
// is set. The error is that there is no such user.
[[nodiscard]] std::expected<std::optional<User>, std::string> user_to_become(
    const std::string& name, std::string_view key);

struct Rights {
  std::optional<User> user;  // to become; for root only, nobody else has the right to
  // To keep, where they are there; none: whatever there is.
  std::optional<std::vector<Capability>> capabilities = std::vector<Capability>{};
};

// Every thread of the process, those of libraries too, becomes the user and keeps these
// capabilities and no other, and none can be had by execve(2). No core files and no debugger:
// memory holds keys.
[[nodiscard]] std::expected<void, std::string> give_up_all_but(const Rights& rights);

// Keeps all memory of the process, of now and of later, out of swap space, as it holds keys. A
// sentence where that is not permitted. To be called just before give_up_all_but(kept), while there
// is a right to raise the limit.
[[nodiscard]] std::optional<std::string> lock_memory(const Rights& kept);

}  // namespace pollux::control
