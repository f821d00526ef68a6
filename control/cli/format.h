// Values and tables as people like to read them: units, thousands separators, aligned columns,
// ASCII only. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/service/text.h"

namespace pollux::cli {

// 1234567 -> "1,234,567"
[[nodiscard]] std::string thousands(std::uint64_t count);

// 1234.56 -> "1,235"; below ten with one digit after the point.
[[nodiscard]] std::string rounded(double value);

// 0.00123 -> "1.230 ms"
using control::seconds_text;

// 93784 -> "1 d 2 h 3 min"
[[nodiscard]] std::string duration_text(double seconds);

// "2026-11-22T10:00:00.123Z" -> "2026-11-22 10:00:00 UTC"; other texts as they are.
[[nodiscard]] std::string utc_text(const std::string& iso);

// 1234567 -> "1.23 MB"
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

// 10000 -> "10 Gb/s"; empty when the speed is not known
[[nodiscard]] std::string link_speed_text(std::uint64_t megabits);

// 0.0312 -> "3.1 %"
[[nodiscard]] std::string percent_text(double share);

// A line of a screen: the value stands 14 columns from the left.
[[nodiscard]] std::string labelled(std::string_view label, std::string_view value);

enum class Align : std::uint8_t { kLeft, kRight };

struct Column {
  std::string_view title;
  Align align = Align::kLeft;
};

// Columns two spaces apart, a line of titles first. Rows have a cell for each column.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::size_t width(std::size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pollux::cli
