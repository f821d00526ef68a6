// polluxd's side of the cookie keys: follows the key file that pollux-ke or another host writes,
// and passes each new ring on. polluxd runs on without keys where the file is in trouble. Control
// thread; the loop outlives it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/config/config.h"
#include "control/keys/key_follower.h"
#include "control/service/event_loop.h"
#include "nts/core/key_ring.h"

namespace pollux::control {

class NtsKeys {
 public:
  using OnRing = std::function<void(const nts::KeyRing& ring)>;

  // Reads the file, if [nts] is enabled; `on_ring` is called for that ring already. Throws
  // std::runtime_error with a sentence where a user or group of the configuration does not exist.
  NtsKeys(EventLoop& loop, const Config& config, OnRing on_ring);

  void look();  // at the file, now

  // What an operator should know, if anything is wrong.
  [[nodiscard]] std::optional<std::string> warning() const;

  // {enabled, key_file, trouble, keys, loaded}
  [[nodiscard]] nlohmann::json document() const;

 private:
  bool enabled_;
  std::string file_;
  OnRing on_ring_;
  std::optional<KeyFollower> follower_;  // while enabled
};

}  // namespace pollux::control
