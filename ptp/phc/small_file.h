// Small text files of sysfs, procfs and debugfs. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace pollux::phc {

// The first 64 KiB without the last line end; nothing where the file cannot be read. What is not
// printable, but for line ends and tabs, becomes '?'.
[[nodiscard]] std::optional<std::string> read_small_file(const std::filesystem::path& path);

}  // namespace pollux::phc
