// What operators and monitoring get to see of keys: ids and ages. A key's octets never leave
// through here. Control thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "control/keys/key_keeper.h"
#include "nts/core/key_ring.h"

namespace pollux::control {

// A list of {id, use, age_s} in the order of a key file; only the current key's age is known.
[[nodiscard]] nlohmann::json keys_document(const nts::KeyRing& ring,
                                           std::optional<double> current_age_seconds);

// {rotate, age_s, next_in_s, owner, file, trouble}
[[nodiscard]] nlohmann::json rotation_document(const KeyReport& report);

}  // namespace pollux::control
