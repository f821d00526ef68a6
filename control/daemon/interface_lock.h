// The claim of this process to a kernel interface: one polluxd serves it at a time. Control thread;
// the kernel gives the claim up when its owner ends, however it ends.
#pragma once

#include <expected>
#include <string>

#include "control/service/unique_fd.h"

namespace pollux::control {

class InterfaceLock {
 public:
  // A listening unix socket with an abstract name, which exists once in a network namespace, is the
  // claim. Any user of the host can take such a name; it keeps polluxd from starting, no more. On
  // error a sentence that says who has it.
  [[nodiscard]] static std::expected<InterfaceLock, std::string> acquire(
      const std::string& interface);

 private:
  explicit InterfaceLock(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

}  // namespace pollux::control
