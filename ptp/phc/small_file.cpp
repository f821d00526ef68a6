#include "ptp/phc/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace pollux::phc {

std::optional<std::string> read_small_file(const std::filesystem::path& path) {
  constexpr std::size_t kLongest = 65536;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  std::string text(kLongest, '\0');
  std::size_t length = 0;
  ssize_t got = 0;
  // sysfs gives a file at once, procfs in pieces.
  while (length < kLongest &&
         (got = ::read(descriptor, text.data() + length, kLongest - length)) > 0)
    length += static_cast<std::size_t>(got);
  close(descriptor);
  if (got < 0) return std::nullopt;
  text.resize(length);
  if (text.ends_with('\n')) text.pop_back();
  std::ranges::replace_if(
      text, [](char c) { return (c < ' ' || c > '~') && c != '\n' && c != '\t'; }, '?');
  return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{} || stop != text.end()) return std::nullopt;
  return value;
}

}  // namespace pollux::phc
