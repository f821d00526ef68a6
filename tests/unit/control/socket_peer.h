// A client of an AF_UNIX socket as tests need it: blocking, and as ill-mannered as asked for.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "control/service/event_loop.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

inline UniqueFd connect_peer(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path.string(), address.sun_path);
  UniqueFd peer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return {};
  }
  return peer;
}

inline bool send_all(const UniqueFd& peer, std::string_view text) {
  return send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

// What is there without waiting, and whether the server has closed.
struct Received {
  std::string text;
  bool closed = false;
};

inline Received receive_now(const UniqueFd& peer) {
  Received received;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = recv(peer.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count <= 0) {
      received.closed = count == 0 || errno == ECONNRESET;
      return received;
    }
    received.text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

// Lets the loop handle what is due now.
inline void settle(EventLoop& loop) {
  for (int i = 0; i < 8; ++i) {
    loop.run_once(std::chrono::milliseconds(0));
  }
}

inline void run_for(EventLoop& loop, std::chrono::milliseconds time) {
  const auto until = EventLoop::Clock::now() + time;
  while (EventLoop::Clock::now() < until) {
    loop.run_once(until - EventLoop::Clock::now());
  }
}

}  // namespace pollux::control
