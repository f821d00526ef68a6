#include "control/cli/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace pollux::cli {
namespace {

// Beyond this a double holds no exact integers, and no counter of ours gets there.
constexpr double kLargest = 9e15;

}  // namespace

std::string thousands(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t place = digits.size(); place > 3; place -= 3) {
    digits.insert(place - 3, 1, ',');
  }
  return digits;
}

std::string rounded(double value) {
  if (!(std::abs(value) < kLargest)) {
    return "-";
  }
  if (std::abs(value) < 9.95) {
    return fmt::format("{:.1f}", value);
  }
  const auto whole = static_cast<std::uint64_t>(std::llround(std::abs(value)));
  return fmt::format("{}{}", value < 0 ? "-" : "", thousands(whole));
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0 && seconds < kLargest)) {
    return "-";
  }
  if (seconds < 60) {
    return fmt::format("{:.0f} s", std::floor(seconds));
  }
  constexpr std::uint64_t kDay = 24UL * 60;
  const auto minutes = static_cast<std::uint64_t>(seconds / 60);
  std::string text;
  if (minutes >= kDay) {
    text += fmt::format("{} d ", thousands(minutes / kDay));
  }
  if (minutes >= 60) {
    text += fmt::format("{} h ", minutes / 60 % 24);
  }
  return text + fmt::format("{} min", minutes % 60);
}

std::string utc_text(const std::string& iso) {
  constexpr std::size_t kDate = 10;
  constexpr std::size_t kWhole = 19;
  if (iso.size() <= kWhole || iso[kDate] != 'T' || !iso.ends_with('Z')) {
    return iso;
  }
  return fmt::format("{} {} UTC", iso.substr(0, kDate), iso.substr(kDate + 1, kWhole - kDate - 1));
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) {
    return fmt::format("{} B", bytes);
  }
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.995 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.2f} {}", value, kUnits.at(unit));
}

std::string link_speed_text(std::uint64_t megabits) {
  constexpr std::uint64_t kUnknown = 0xffffffff;  // RTE_ETH_SPEED_NUM_UNKNOWN
  if (megabits == 0 || megabits >= kUnknown) {
    return "";
  }
  if (megabits >= 1000) {
    return fmt::format("{:g} Gb/s", static_cast<double>(megabits) / 1000);
  }
  return fmt::format("{} Mb/s", megabits);
}

std::string percent_text(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", share * 100) : "-";
}

std::string labelled(std::string_view label, std::string_view value) {
  return fmt::format("{:<14}{}\n", label, value);
}

std::size_t Table::width(std::size_t column) const {
  std::size_t widest = columns_.at(column).title.size();
  for (const auto& row : rows_) {
    widest = std::max(widest, row.at(column).size());
  }
  return widest;
}

std::string Table::text() const {
  std::vector<std::string> lines(rows_.size() + 1);
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    const std::size_t wide = width(column);
    for (std::size_t line = 0; line < lines.size(); ++line) {
      const std::string_view cell =
          line == 0 ? columns_[column].title : std::string_view(rows_[line - 1].at(column));
      const std::string_view gap = column == 0 ? "" : "  ";
      lines[line] += columns_[column].align == Align::kLeft
                         ? fmt::format("{}{:<{}}", gap, cell, wide)
                         : fmt::format("{}{:>{}}", gap, cell, wide);
    }
  }
  std::string text;
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace pollux::cli
