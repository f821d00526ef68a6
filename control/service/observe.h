// The observe socket: whoever connects gets one JSON document and is closed; nothing is read from
// the peer. Control thread; the loop outlives the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "control/service/event_loop.h"
#include "control/service/socket_output.h"
#include "control/service/unique_fd.h"
#include "control/service/unix_listener.h"

namespace pollux::control {

struct ObserveLimits {
  std::size_t clients = 16;
  std::chrono::milliseconds patience{2000};  // for a client to read the document
};

class ObserveServer {
 public:
  using Document = std::function<std::string()>;  // JSON without a newline at its end

  // Listens at `path`, mode 0666. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<ObserveServer>, std::string> open(
      EventLoop& loop, const std::filesystem::path& path, Document document,
      ObserveLimits limits = {});

  ~ObserveServer();
  ObserveServer(const ObserveServer&) = delete;
  ObserveServer& operator=(const ObserveServer&) = delete;

 private:
  struct Client {
    UniqueFd socket;
    SocketOutput output;
    EventLoop::TimerId deadline;
  };

  ObserveServer(EventLoop& loop, Document document, ObserveLimits limits);

  void serve(UniqueFd socket);
  void keep(UniqueFd socket, SocketOutput output);
  void drop(int fd);

  EventLoop& loop_;
  Document document_;
  ObserveLimits limits_;
  std::map<int, Client> clients_;  // those that did not take the whole document at once
  std::unique_ptr<UnixListener> listener_;
};

}  // namespace pollux::control
