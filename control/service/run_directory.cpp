#include "control/service/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "control/service/text.h"

namespace pollux::control {
namespace {

// Gives 0 or an errno.
int make_directories(const std::filesystem::path& path) {
  std::filesystem::path part;
  for (const auto& name : path) {
    part /= name;
    std::error_code ignored;
    if (std::filesystem::is_directory(part, ignored)) {
      continue;
    }
    if (mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
      return errno;
    }
  }
  return 0;
}

std::optional<pid_t> read_pid(int file) {
  std::array<char, 24> text{};
  const ssize_t length = pread(file, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (length <= 0 || std::from_chars(text.data(), text.data() + length, pid).ec != std::errc{}) {
    return std::nullopt;
  }
  return pid;
}

bool write_pid(int file) {
  const std::string text = fmt::format("{}\n", getpid());
  return ftruncate(file, 0) == 0 &&
         pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

// Only root's and the owner's own: who owns a directory may put links in it to what is not theirs.
std::expected<void, std::string> give_to(const UniqueFd& file, const std::string& path,
                                         const User& owner) {
  struct stat status{};
  if (fstat(file.get(), &status) != 0 || (status.st_uid != 0 && status.st_uid != owner.uid))
    return std::unexpected(fmt::format("{} belongs to user {}", path, status.st_uid));
  if (!S_ISDIR(status.st_mode) && (!S_ISREG(status.st_mode) || status.st_nlink != 1))
    return std::unexpected(fmt::format("{} is a link, or no regular file", path));
  if (fchown(file.get(), owner.uid, owner.gid) != 0) {
    return std::unexpected(fmt::format("cannot give {} to user {}: {}", path, printable(owner.name),
                                       error_text(errno)));
  }
  return {};
}

std::expected<UniqueFd, std::string> open_at(const std::string& path, int flags) {
  UniqueFd file(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (file) return file;
  return std::unexpected(fmt::format("cannot open {}: {}", path, error_text(errno)));
}

std::expected<void, std::string> take_lock(const UniqueFd& file, const std::string& path,
                                           std::string_view program,
                                           const std::filesystem::path& run_dir) {
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    if (write_pid(file.get())) return {};
    return std::unexpected(fmt::format("cannot write {}: {}", path, error_text(errno)));
  }
  if (errno != EWOULDBLOCK)
    return std::unexpected(fmt::format("cannot lock {}: {}", path, error_text(errno)));
  const auto pid = read_pid(file.get());
  return std::unexpected(fmt::format("another {} {}is running with run_dir {}", program,
                                     pid ? fmt::format("(pid {}) ", *pid) : "", run_dir.string()));
}

}  // namespace

std::expected<RunDirectory, std::string> RunDirectory::acquire(const std::filesystem::path& run_dir,
                                                               std::string_view program,
                                                               const std::optional<User>& owner) {
  const auto own = run_dir / program;
  if (const int error = make_directories(own); error != 0) {
    return std::unexpected(
        fmt::format("cannot make the directory {}: {}", own.string(), error_text(error)));
  }
  const std::string path = own / "lock";
  auto directory = open_at(own.string(), O_RDONLY | O_DIRECTORY);
  if (!directory) return std::unexpected(std::move(directory.error()));
  if (owner) {
    if (auto given = give_to(*directory, own.string(), *owner); !given)
      return std::unexpected(std::move(given.error()));
  }
  auto file = open_at(path, O_RDWR | O_CREAT);
  if (!file) return std::unexpected(std::move(file.error()));
  if (owner) {
    if (auto given = give_to(*file, path, *owner); !given)
      return std::unexpected(std::move(given.error()));
  }
  if (auto taken = take_lock(*file, path, program, run_dir); !taken)
    return std::unexpected(std::move(taken.error()));
  return RunDirectory(own, std::move(*file));
}

}  // namespace pollux::control
