#include "control/daemon/nts_keys.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "control/daemon/clock_document.h"
#include "control/keys/key_access.h"
#include "control/keys/key_document.h"

namespace pollux::control {

NtsKeys::NtsKeys(EventLoop& loop, const Config& config, OnRing on_ring)
    : enabled_{config.nts.enabled}, file_{config.nts.key_file}, on_ring_{std::move(on_ring)} {
  if (!enabled_) return;
  auto access = key_access(config);
  if (!access) throw std::runtime_error(access.error());
  follower_.emplace(loop, file_, std::move(*access),
                    [this](const StoredKeys& keys) { on_ring_(keys.file.ring); });
  follower_->look();
}

void NtsKeys::look() {
  if (follower_) follower_->look();
}

std::optional<std::string> NtsKeys::warning() const {
  if (!follower_) return std::nullopt;
  const auto& trouble = follower_->trouble();
  if (!trouble) return std::nullopt;
  return fmt::format(
      "NTS: {}; {}", trouble->sentence,
      follower_->keys() ? "the keys that were read before stay in force" : "there are no keys yet");
}

nlohmann::json NtsKeys::document() const {
  nlohmann::json document = {{"enabled", enabled_},
                             {"key_file", file_},
                             {"trouble", nullptr},
                             {"keys", nlohmann::json::array()},
                             {"loaded", nullptr}};
  if (!follower_) return document;
  if (const auto& trouble = follower_->trouble()) document["trouble"] = trouble->sentence;
  if (const auto& keys = follower_->keys()) {
    document["keys"] = keys_document(keys->file.ring, keys->age.now().count());
    document["loaded"] = iso_time(follower_->loaded().time_since_epoch());
  }
  return document;
}

}  // namespace pollux::control
