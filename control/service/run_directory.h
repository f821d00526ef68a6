// A program's own directory RUN_DIR/PROGRAM: for its sockets, so that the user who the program
// becomes can remove them in the end, and for the lock file that keeps a second instance away. The
// lock goes with the process, so that a crash leaves nothing to clean up. Control thread.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "control/service/accounts.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

class RunDirectory {
 public:
  // Makes the directories (mode 0755) that are missing and takes PROGRAM/lock. Directory and lock
  // belong to `owner` afterwards, where there is one. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<RunDirectory, std::string> acquire(
      const std::filesystem::path& run_dir, std::string_view program,
      const std::optional<User>& owner = {});

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  RunDirectory(std::filesystem::path path, UniqueFd lock)
      : path_{std::move(path)}, lock_{std::move(lock)} {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

}  // namespace pollux::control
