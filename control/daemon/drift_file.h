// Keeps the counter's rate over a restart: one small text file. Used by the clock thread.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pollux::control {

struct Drift {
  double hertz = 0;      // of the counter in served time
  double sigma_ppb = 0;  // standard deviation

  friend bool operator==(const Drift&, const Drift&) = default;
};

// "pollux drift 1", then the two numbers on a line. The error says what is wrong with the text.
[[nodiscard]] std::expected<Drift, std::string> parse_drift(std::string_view text);
[[nodiscard]] std::string drift_text(const Drift& drift);

// Nothing where there is no file; the error names the file.
[[nodiscard]] std::expected<std::optional<Drift>, std::string> read_drift(
    const std::filesystem::path& file);

// The old file stands until the new one is written whole. The error names the file.
[[nodiscard]] std::expected<void, std::string> write_drift(const std::filesystem::path& file,
                                                           const Drift& drift);

}  // namespace pollux::control
