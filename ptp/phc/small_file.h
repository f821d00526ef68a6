// Small text files of sysfs, procfs and debugfs, and numbers in them. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pollux::phc {

// The first 64 KiB without the last line end; nothing where the file cannot be read. What is not
// printable, but for line ends and tabs, becomes '?'.
[[nodiscard]] std::optional<std::string> read_small_file(const std::filesystem::path& path);

// A decimal number and nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

}  // namespace pollux::phc
