// Follows a key file that another program writes: by inotify(7) on its directory, and by a look now
// and then for what that does not tell. Keeps the last good ring, whatever becomes of the file.
// Control thread; the loop outlives it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "control/keys/key_access.h"
#include "control/keys/key_store.h"
#include "control/service/event_loop.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

class KeyFollower {
 public:
  // Gets each good file that differs from the one before in its ring or its age.
  using OnKeys = std::function<void(const StoredKeys& keys)>;

  static constexpr std::chrono::seconds kInterval{10};

  // Watches from now on, but reads nothing before look().
  KeyFollower(EventLoop& loop, std::filesystem::path file, KeyAccess access, OnKeys on_keys,
              std::chrono::milliseconds interval = kInterval);
  ~KeyFollower();
  KeyFollower(const KeyFollower&) = delete;
  KeyFollower& operator=(const KeyFollower&) = delete;

  // Reads the file. Trouble is logged when it is new, and so is its end.
  void look();

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const std::optional<StoredKeys>& keys() const { return keys_; }  // last good ones
  [[nodiscard]] const std::optional<KeyTrouble>& trouble() const { return trouble_; }
  // When keys() came.
  [[nodiscard]] std::chrono::system_clock::time_point loaded() const { return loaded_; }

 private:
  void watch();
  void on_events();
  [[nodiscard]] bool concerns_file(const char* events, std::size_t length) const;
  void take(const StoredKeys& fresh);
  void complain(KeyTrouble trouble);

  EventLoop& loop_;
  std::filesystem::path file_;
  KeyAccess access_;
  OnKeys on_keys_;
  UniqueFd inotify_;
  int watch_ = -1;
  EventLoop::TimerId timer_ = 0;
  std::optional<StoredKeys> keys_;
  std::optional<KeyTrouble> trouble_;
  std::chrono::system_clock::time_point loaded_;
};

}  // namespace pollux::control
