// The table of leap seconds, read again when the file changes. Control thread.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "ptp/clock/leap.h"

namespace pollux::control {

class LeapFile {
 public:
  explicit LeapFile(std::filesystem::path path) : path_{std::move(path)} {}

  // The table when the file is another than at the last call; nothing when it is the same. The
  // error names file and line, and is told once for each change.
  [[nodiscard]] std::expected<std::optional<clock::LeapTable>, std::string> read_if_changed();

 private:
  std::filesystem::path path_;
  std::optional<std::filesystem::file_time_type> seen_;
};

}  // namespace pollux::control
