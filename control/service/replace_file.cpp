#include "control/service/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "control/service/text.h"
#include "control/service/unique_fd.h"

namespace pollux::control {
namespace {

constexpr mode_t kOwnerMode = 0600;
constexpr mode_t kGroupMode = 0640;

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Gives 0 or an errno.
int write_new(int directory, const char* name, std::string_view text, std::optional<gid_t> group) {
  const UniqueFd file{
      openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerMode)};
  if (!file) return errno;
  constexpr auto kSameOwner = static_cast<uid_t>(-1);
  if (group && fchown(file.get(), kSameOwner, *group) != 0) return errno;
  // Whatever the umask has left.
  if (fchmod(file.get(), group ? kGroupMode : kOwnerMode) != 0) return errno;
  if (!write_all(file.get(), text) || fsync(file.get()) != 0) return errno;
  return 0;
}

}  // namespace

std::filesystem::path directory_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
}

std::expected<void, std::string> replace_file(const std::filesystem::path& file,
                                              std::string_view text, std::optional<gid_t> group) {
  const auto failed = [&file](std::string_view what, int error) {
    return std::unexpected{fmt::format("{}: {}: {}", file.string(), what, error_text(error))};
  };
  const UniqueFd directory{open(directory_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) return failed("its directory cannot be opened", errno);
  const std::string name = file.filename().string();
  const std::string temporary = name + ".new";
  // What was left by a run that was killed, or lies there to catch us: a link, a pipe.
  unlinkat(directory.get(), temporary.c_str(), 0);
  int error = write_new(directory.get(), temporary.c_str(), text, group);
  if (error == 0 &&
      renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    unlinkat(directory.get(), temporary.c_str(), 0);
    return failed("cannot be written", error);
  }
  if (fsync(directory.get()) != 0) return failed("is written, but may not outlive a crash", errno);
  return {};
}

}  // namespace pollux::control
