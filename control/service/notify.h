// Tells systemd about the state of the daemon, sd_notify(3). Does nothing where systemd did not ask
// for it. Control thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pollux::control {

class Notify {
 public:
  void ready(std::string_view status);
  void status(std::string_view status);  // sent only when it differs from the last one
  void reloading();                      // to be followed by ready()
  void stopping(std::string_view status);
  void watchdog();

  // How long systemd waits for watchdog(); feed it at half of that. None: no watchdog is set.
  [[nodiscard]] static std::optional<std::chrono::microseconds> watchdog_timeout();

 private:
  void send(std::string_view state, std::string_view status);

  std::string last_status_;
};

}  // namespace pollux::control
