#include "control/daemon/leap_file.h"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

namespace pollux::control {
namespace {

constexpr std::size_t kLargestFile = 1U << 20U;

std::string_view text_of(clock::LeapTable::Error error) {
  switch (error) {
    case clock::LeapTable::Error::kSyntax:
      return "is no entry of a leap second table";
    case clock::LeapTable::Error::kOrder:
      return "does not follow the entry before it by a second of TAI - UTC";
    case clock::LeapTable::Error::kTooLong:
      return "is one entry too many";
    case clock::LeapTable::Error::kNoExpiry:
      break;
  }
  return "ends a table without entries or without its date of expiry (#@)";
}

std::expected<std::string, std::string> read_text(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) return std::unexpected{"is no regular file"};
  std::ifstream file{path, std::ios::binary};
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open()) return std::unexpected{"cannot be read"};
  if (static_cast<std::size_t>(file.gcount()) > kLargestFile)
    return std::unexpected{"is larger than 1 MiB"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

std::expected<std::optional<clock::LeapTable>, std::string> LeapFile::read_if_changed() {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path_, error);
  if (error) {
    if (seen_ == std::filesystem::file_time_type::min()) return std::nullopt;
    seen_ = std::filesystem::file_time_type::min();
    return std::unexpected{fmt::format("{}: {}", path_.string(), error.message())};
  }
  if (seen_ == changed) return std::nullopt;
  seen_ = changed;
  const auto text = read_text(path_);
  if (!text) return std::unexpected{fmt::format("{}: {}", path_.string(), text.error())};
  const auto table = clock::LeapTable::parse(*text);
  if (!table) {
    return std::unexpected{
        fmt::format("{}:{}: {}", path_.string(), table.error().line, text_of(table.error().error))};
  }
  return *table;
}

}  // namespace pollux::control
