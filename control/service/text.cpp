#include "control/service/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <vector>

namespace pollux::control {
namespace {

constexpr std::size_t kLongestWord = 64;

// Insertions, deletions, substitutions and swaps of neighbours that turn `from` into `to`.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::vector<std::size_t>> cost(from.size() + 1,
                                             std::vector<std::size_t>(to.size() + 1));
  for (std::size_t i = 0; i <= from.size(); ++i) {
    for (std::size_t j = 0; j <= to.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t substitution = from[i - 1] == to[j - 1] ? 0 : 1;
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + substitution});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[from.size()][to.size()];
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  constexpr char kC1Lead = '\xc2';  // UTF-8: c2 80 to c2 9f are the control characters of C1
  std::string result(text.substr(0, longest));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto octet = static_cast<unsigned char>(result[i]);
    const bool c1 = i > 0 && result[i - 1] == kC1Lead && octet >= 0x80 && octet <= 0x9f;
    if (octet < 0x20 || octet == 0x7f || c1) {
      result[i] = '?';
    }
  }
  return text.size() > longest ? result + "..." : result;
}

std::string error_text(int error) { return std::generic_category().message(error); }

std::string seconds_text(double seconds) {
  struct Unit {
    double size;
    std::string_view name;
  };
  constexpr std::array<Unit, 4> kUnits = {{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
  if (!std::isfinite(seconds)) {
    return "-";
  }
  if (seconds == 0) {
    return "0 s";
  }
  for (const Unit& unit : kUnits) {
    if (std::abs(seconds) >= unit.size * 0.9999995 || unit.size == kUnits.back().size) {
      return fmt::format("{:.3f} {}", seconds / unit.size, unit.name);
    }
  }
  return "-";
}

std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  if (word.size() > kLongestWord) {
    return std::nullopt;
  }
  std::size_t best_distance = word.size() / 3 + 2;
  std::optional<std::string_view> best;
  for (const std::string_view candidate : candidates) {
    const bool abbreviated = word.size() > 2 && candidate.starts_with(word);
    const std::size_t distance = abbreviated ? 1 : edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace pollux::control
