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
  const char* const end_of_text = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), end_of_text, number);
  if (error != std::errc{} || end_of_text - end != 1) return std::nullopt;
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
