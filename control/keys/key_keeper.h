// The keys of a program that makes and rotates them itself, or follows a file of which another is
// the owner (nts.rotate = "never"). What is in force here is always what is in the file. Control
// thread; the loop outlives it.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "control/keys/key_access.h"
#include "control/keys/key_follower.h"
#include "control/keys/key_rotation.h"
#include "control/service/event_loop.h"
#include "nts/core/key_ring.h"

namespace pollux::control {

// What there is to say about the keys; `ring` is the keeper's.
struct KeyReport {
  std::string file;
  std::optional<std::string> trouble;
  const nts::KeyRing* ring = nullptr;
  std::optional<std::chrono::seconds> rotate;
  double age_seconds = 0;  // of the current key
  std::optional<double> next_rotation_seconds;
};

class KeyKeeper {
 public:
  struct Settings {
    std::filesystem::path file;
    KeyAccess access;
    std::optional<std::chrono::seconds> rotate;  // none: another program owns the file
  };
  using OnRing = std::function<void(const nts::KeyRing& ring)>;

  // Reads the file. Where there is none, the owner makes one; a file that is refused is never
  // replaced here. Throws std::runtime_error with a sentence where there are no keys in the end.
  // `on_ring` is for the rings that come later.
  KeyKeeper(EventLoop& loop, Settings settings, OnRing on_ring);
  ~KeyKeeper();
  KeyKeeper(const KeyKeeper&) = delete;
  KeyKeeper& operator=(const KeyKeeper&) = delete;

  [[nodiscard]] const nts::KeyRing& ring() const { return keys_.file.ring; }

  // Looks at the file now; it is looked at by itself too, see KeyFollower.
  void look() { follower_.look(); }

  // The next key seals from now on. The error is a sentence for the operator, and nothing changed.
  [[nodiscard]] std::expected<void, std::string> rotate();

  void set_rotation(std::optional<std::chrono::seconds> interval) { settings_.rotate = interval; }

  [[nodiscard]] KeyReport report() const;

 private:
  [[nodiscard]] static StoredKeys load_or_make(const Settings& settings);
  void take(const StoredKeys& keys);
  void rotate_when_due();

  EventLoop& loop_;
  Settings settings_;
  OnRing on_ring_;
  StoredKeys keys_;
  std::optional<std::string> failure_;  // of the last rotation
  EventLoop::Clock::time_point next_try_;
  EventLoop::TimerId timer_ = 0;
  KeyFollower follower_;
};

}  // namespace pollux::control
