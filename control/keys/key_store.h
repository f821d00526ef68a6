// Reads and writes a key file, so that a reader gets a whole ring that nobody else has seen or
// made, or none. Does not block on what it finds. Control thread.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

#include "control/keys/key_access.h"
#include "control/keys/key_rotation.h"
#include "nts/core/key_file.h"

namespace pollux::control {

struct StoredKeys {
  nts::KeyFile file;
  KeyAge age;  // of the current key
};

// Why there are no keys: a sentence for the operator that begins with the path. Never tells keys.
struct KeyTrouble {
  enum class Kind : std::uint8_t { kMissing, kRefused };

  Kind kind = Kind::kRefused;
  std::string sentence;
};

// Takes a regular file and no link to one, of an owner in `access`, of mode 0600 or less (0640 with
// the group in `access`), in a directory where strangers cannot replace it.
[[nodiscard]] std::expected<StoredKeys, KeyTrouble> load_keys(const std::filesystem::path& path,
                                                              const KeyAccess& access);

// Replaces the file by a new one of mode 0600, or 0640 with the group in `access`. Whatever happens
// meanwhile, there is the old file or the new one, whole. For one writer at a time. The error is a
// sentence for the operator.
[[nodiscard]] std::expected<void, std::string> save_keys(const std::filesystem::path& path,
                                                         const nts::KeyFile& keys,
                                                         const KeyAccess& access);

}  // namespace pollux::control
