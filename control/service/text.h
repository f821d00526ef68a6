// Small helpers for texts shown to people. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pollux::control {

// `text` with control characters replaced by '?', so that it can neither forge a line nor drive a
// terminal; cut to about `longest` octets.
[[nodiscard]] std::string printable(std::string_view text, std::size_t longest = 80);

// What an errno means.
[[nodiscard]] std::string error_text(int error);

// 0.00123 -> "1.230 ms"; three digits after the point, from ns to s; "-" where it is no length.
[[nodiscard]] std::string seconds_text(double seconds);

// The candidate that `word` is most likely a misspelling of, if any is near.
[[nodiscard]] std::optional<std::string_view> closest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

}  // namespace pollux::control
