// Who may have written a key file, and who may read it. Plain values; control thread.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "control/config/config.h"

namespace pollux::control {

struct KeyAccess {
  std::vector<uid_t> owners;   // whose file is believed
  std::optional<gid_t> group;  // may read the file; whoever can give a file to it is believed too
};

// Root, this process' user and ke.user; nts.key_group. The error is a sentence for the operator.
[[nodiscard]] std::expected<KeyAccess, std::string> key_access(const Config& config);

}  // namespace pollux::control
