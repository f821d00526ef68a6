// The log of the control plane: lines on standard error, with the levels of sd-daemon(3) when that
// is the journal. Any thread but the workers, which never log.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <utility>

#include "control/service/log_level.h"

namespace pollux::control {

// Least level that is written; kInfo until the first call.
void set_log_level(LogLevel level);

// Writes one line; control characters in `text` become '?'.
void log_text(LogLevel level, std::string_view text);

template <typename... Values>
void log_debug(fmt::format_string<Values...> format, Values&&... values) {
  log_text(LogLevel::kDebug, fmt::format(format, std::forward<Values>(values)...));
}
template <typename... Values>
void log_info(fmt::format_string<Values...> format, Values&&... values) {
  log_text(LogLevel::kInfo, fmt::format(format, std::forward<Values>(values)...));
}
template <typename... Values>
void log_warning(fmt::format_string<Values...> format, Values&&... values) {
  log_text(LogLevel::kWarning, fmt::format(format, std::forward<Values>(values)...));
}
template <typename... Values>
void log_error(fmt::format_string<Values...> format, Values&&... values) {
  log_text(LogLevel::kError, fmt::format(format, std::forward<Values>(values)...));
}

// How a line begins: "<3>" ... for the journal, "error: " ... for a person.
[[nodiscard]] std::string_view log_prefix(LogLevel level, bool journal);

// Lets one line pass in each interval: `if (limit.pass()) log_warning(...)`. One thread each.
class LogLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LogLimit(Clock::duration interval) : interval_(interval) {}

  [[nodiscard]] bool pass(Clock::time_point now = Clock::now()) {
    if (now < next_) {
      return false;
    }
    next_ = now + interval_;
    return true;
  }

 private:
  Clock::duration interval_;
  Clock::time_point next_ = Clock::time_point::min();
};

}  // namespace pollux::control
