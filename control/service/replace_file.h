// Replaces a small file as a whole: whatever happens meanwhile, there is the old one or the new
// one. For one writer at a time. Control thread.
#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pollux::control {

// Mode 0600, or 0640 with a group. The file belongs to who writes it. The new file is whole on the
// disk before it gets its name; until then it is FILE.new, and whatever has that name already goes.
// The error is a sentence that begins with the file.
[[nodiscard]] std::expected<void, std::string> replace_file(const std::filesystem::path& file,
                                                            std::string_view text,
                                                            std::optional<gid_t> group = {});

// The directory that a file is in.
[[nodiscard]] std::filesystem::path directory_of(const std::filesystem::path& file);

}  // namespace pollux::control
