// Lengths of time from and to the form that they have in the configuration. Pure functions; any
// thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pollux::control {

// "90s", "15m", "12h", "7d": a whole number without a sign and its unit. Nothing where the text is
// none of these, or more than 10000 days.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

// The same form in the largest unit that leaves no rest.
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

}  // namespace pollux::control
