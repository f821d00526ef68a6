#include "control/service/notify.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr std::size_t kLongestStatus = 512;

std::int64_t monotonic_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000} + now.tv_nsec / 1000;
}

}  // namespace

void Notify::send(std::string_view state, std::string_view status) {
  last_status_ = status;
  const std::string text = fmt::format("{}STATUS={}", state, printable(status, kLongestStatus));
  sd_notify(0, text.c_str());
}

void Notify::ready(std::string_view status) { send("READY=1\n", status); }

void Notify::status(std::string_view status) {
  if (status != last_status_) {
    send("", status);
  }
}

void Notify::reloading() {
  const std::string text = fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds());
  sd_notify(0, text.c_str());
}

void Notify::stopping(std::string_view status) { send("STOPPING=1\n", status); }

void Notify::watchdog() { sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> Notify::watchdog_timeout() {
  std::uint64_t timeout = 0;
  if (sd_watchdog_enabled(0, &timeout) <= 0) {
    return std::nullopt;
  }
  return std::chrono::microseconds(timeout);
}

}  // namespace pollux::control
