#include "control/keys/key_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <span>
#include <string_view>

#include "control/service/replace_file.h"
#include "control/service/text.h"
#include "control/service/unique_fd.h"
#include "nts/core/wipe.h"

namespace pollux::control {
namespace {

using std::filesystem::path;
using Kind = KeyTrouble::Kind;

constexpr mode_t kOwnerMode = 0600;
constexpr mode_t kGroupMode = 0640;
constexpr mode_t kModeBits = 07777;

// Text of a key file, one octet more than it may have; wiped in the end.
struct KeyText {
  KeyText() = default;
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;
  ~KeyText() { nts::wipe(std::as_writable_bytes(std::span{octets})); }

  std::array<char, nts::kLargestKeyFile + 1> octets{};
  std::size_t length = 0;
};

std::string complaint(const path& file, std::string_view what) {
  return fmt::format("{}: {}", file.string(), what);
}

std::unexpected<KeyTrouble> refused(const path& file, std::string_view what) {
  return std::unexpected{KeyTrouble{Kind::kRefused, complaint(file, what)}};
}

KeyTrouble trouble_of_open(const path& file, int error) {
  if (error == ENOENT) return {Kind::kMissing, complaint(file, "does not exist")};
  if (error == ELOOP) return {Kind::kRefused, complaint(file, "is a symbolic link")};
  if (error == ENXIO) return {Kind::kRefused, complaint(file, "is no regular file")};
  return {Kind::kRefused, complaint(file, "cannot be read: " + error_text(error))};
}

// Why such a file is not believed, if it is not.
std::optional<std::string> refusal(const struct stat& status, const KeyAccess& access) {
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  const mode_t mode = status.st_mode & kModeBits;
  const bool of_group = access.group && status.st_gid == *access.group;
  if ((mode & ~kGroupMode) != 0 || (!access.group && (mode & ~kOwnerMode) != 0)) {
    return fmt::format("has mode {:04o}, {:04o} is the most that it may have{}", mode,
                       access.group ? kGroupMode : kOwnerMode,
                       access.group ? "" : " without nts.key_group");
  }
  if ((mode & ~kOwnerMode) != 0 && !of_group) {
    return fmt::format("may be read by group {}, which is not nts.key_group", status.st_gid);
  }
  if (!of_group && std::ranges::find(access.owners, status.st_uid) == access.owners.end()) {
    return fmt::format(
        "belongs to user {}, who is neither root, nor this program's user, nor ke.user",
        status.st_uid);
  }
  return std::nullopt;
}

// Who may write into the directory of a file may replace it, but for a sticky one.
bool strangers_may_replace(const path& file) {
  struct stat status{};
  return stat(directory_of(file).c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0 &&
         (status.st_mode & S_ISVTX) == 0;
}

bool read_all(int file, KeyText& text) {
  while (text.length < text.octets.size()) {
    const ssize_t count =
        read(file, text.octets.data() + text.length, text.octets.size() - text.length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) return true;
    text.length += static_cast<std::size_t>(count);
  }
  return true;
}

bool is_same(const timespec& left, const timespec& right) {
  return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

std::chrono::system_clock::time_point time_of(const timespec& time) {
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec})};
}

}  // namespace

std::expected<StoredKeys, KeyTrouble> load_keys(const path& file, const KeyAccess& access) {
  // Opened without waiting: the name could be that of a pipe.
  const UniqueFd descriptor{
      open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
  if (!descriptor) return std::unexpected{trouble_of_open(file, errno)};
  struct stat before{};
  if (fstat(descriptor.get(), &before) != 0) return refused(file, error_text(errno));
  if (const auto reason = refusal(before, access)) return refused(file, *reason);
  if (strangers_may_replace(file))
    return refused(file, "anybody may replace it: its directory can be written by all users");
  KeyText text;
  if (!read_all(descriptor.get(), text))
    return refused(file, "cannot be read: " + error_text(errno));
  if (text.length > nts::kLargestKeyFile)
    return refused(file, fmt::format("is larger than {} octets", nts::kLargestKeyFile));
  struct stat after{};
  if (fstat(descriptor.get(), &after) != 0 || !is_same(before.st_mtim, after.st_mtim) ||
      before.st_size != after.st_size) {
    return refused(file, "changed while it was read");
  }
  const auto keys = nts::parse_key_file({text.octets.data(), text.length});
  if (!keys) {
    const auto where = keys.error().line == 0 ? "" : fmt::format("line {} ", keys.error().line);
    return refused(file, fmt::format("{}{}", where, keys.error().problem));
  }
  return StoredKeys{.file = *keys,
                    .age = {KeyAge::Seconds{keys->age_seconds}, time_of(after.st_mtim),
                            std::chrono::system_clock::now(), std::chrono::steady_clock::now()}};
}

std::expected<void, std::string> save_keys(const path& file, const nts::KeyFile& keys,
                                           const KeyAccess& access) {
  std::array<char, nts::kLargestKeyFile> text{};
  const std::size_t length = nts::write_key_file(keys.ring, keys.age_seconds, text);
  auto saved = replace_file(file, {text.data(), length}, access.group);
  nts::wipe(std::as_writable_bytes(std::span{text}));
  return saved;
}

}  // namespace pollux::control
