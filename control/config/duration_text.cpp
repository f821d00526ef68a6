#include "control/config/duration_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace pollux::control {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};

constexpr Unit kUnits[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
constexpr std::int64_t kLongest = std::int64_t{10'000} * 86400;

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end + 1 != text.data() + text.size()) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (*end != unit.letter) continue;
    const std::int64_t seconds = number * unit.seconds;
    return seconds <= kLongest ? std::optional{std::chrono::seconds{seconds}} : std::nullopt;
  }
  return std::nullopt;
}

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  for (const Unit& unit : kUnits) {
    if (seconds != 0 && seconds % unit.seconds == 0)
      return fmt::format("{}{}", seconds / unit.seconds, unit.letter);
  }
  return "0s";
}

}  // namespace pollux::control
