#include "control/service/instance_lock.h"

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

}  // namespace

std::expected<InstanceLock, std::string> InstanceLock::acquire(const std::filesystem::path& run_dir,
                                                               std::string_view program) {
  if (const int error = make_directories(run_dir); error != 0) {
    return std::unexpected(
        fmt::format("cannot make the directory {}: {}", run_dir.string(), error_text(error)));
  }
  const std::string path = run_dir / fmt::format("{}.lock", program);
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) {
    return std::unexpected(fmt::format("cannot open {}: {}", path, error_text(errno)));
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return std::unexpected(fmt::format("cannot lock {}: {}", path, error_text(errno)));
    }
    const auto pid = read_pid(file.get());
    return std::unexpected(fmt::format("another {} {}is running with run_dir {}", program,
                                       pid ? fmt::format("(pid {}) ", *pid) : "",
                                       run_dir.string()));
  }
  if (!write_pid(file.get())) {
    return std::unexpected(fmt::format("cannot write {}: {}", path, error_text(errno)));
  }
  return InstanceLock(std::move(file));
}

}  // namespace pollux::control
