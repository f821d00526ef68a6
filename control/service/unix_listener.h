// A listening AF_UNIX stream socket in the event loop. Control thread; the loop outlives it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/service/event_loop.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

class UnixListener {
 public:
  using OnClient = std::function<void(UniqueFd client)>;  // a non-blocking descriptor; may throw

  // Takes the place of a socket file that a dead daemon left, so hold the InstanceLock before.
  // `mode` is that of the socket file; it gets the group where that is permitted. The error is a
  // sentence for the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<UnixListener>, std::string> open(
      EventLoop& loop, const std::filesystem::path& path, unsigned mode, std::optional<gid_t> group,
      OnClient on_client);

  ~UnixListener();  // closes it and removes the file
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

 private:
  UnixListener(EventLoop& loop, std::string path, UniqueFd socket, OnClient on_client);

  void watch();
  void greet(UniqueFd client);
  void accept_clients();

  EventLoop& loop_;
  std::string path_;
  UniqueFd socket_;
  OnClient on_client_;
  EventLoop::TimerId pause_ = 0;
};

}  // namespace pollux::control
