// The lock file that keeps a second instance of a program away from a run directory. The lock goes
// with the process, so that a crash leaves nothing to clean up. Control thread.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "control/service/unique_fd.h"

namespace pollux::control {

class InstanceLock {
 public:
  // Makes `run_dir` (mode 0755) where it is missing and takes RUN_DIR/PROGRAM.lock. The error is a
  // sentence for the operator.
  [[nodiscard]] static std::expected<InstanceLock, std::string> acquire(
      const std::filesystem::path& run_dir, std::string_view program);

 private:
  explicit InstanceLock(UniqueFd file) : file_(std::move(file)) {}

  UniqueFd file_;
};

}  // namespace pollux::control
