// The control socket: one request a connection, a line of JSON such as {"verb":"reload"}, and one
// line of JSON back. Control thread; the loop outlives the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/service/event_loop.h"
#include "control/service/socket_output.h"
#include "control/service/unique_fd.h"
#include "control/service/unix_listener.h"

namespace pollux::control {

struct ControlLimits {
  std::size_t clients = 8;
  std::size_t request_octets = 65536;
  std::chrono::milliseconds patience{5000};  // for request and reply together
};

// {"ok":true,"message":...} and {"ok":false,"error":...}
[[nodiscard]] nlohmann::json control_success(std::string_view message);
[[nodiscard]] nlohmann::json control_failure(std::string_view error);

class ControlServer {
 public:
  // Gets the verb and the whole request, gives the reply.
  using Handler =
      std::function<nlohmann::json(const std::string& verb, const nlohmann::json& request)>;

  // Listens at `path`, mode 0660, for the group `pollux` where there is one and this user is a
  // member. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<ControlServer>, std::string> open(
      EventLoop& loop, const std::filesystem::path& path, Handler handler,
      ControlLimits limits = {});

  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Client {
    UniqueFd socket;
    EventLoop::TimerId deadline = 0;
    std::string input;
    std::optional<SocketOutput> output;  // once the request is answered
  };

  ControlServer(EventLoop& loop, Handler handler, ControlLimits limits);

  void accept(UniqueFd socket);
  void advance(Client& client);
  [[nodiscard]] bool read_request(Client& client) const;
  [[nodiscard]] nlohmann::json answer(const Client& client) const;
  void drop(int fd);

  EventLoop& loop_;
  Handler handler_;
  ControlLimits limits_;
  std::map<int, Client> clients_;
  std::unique_ptr<UnixListener> listener_;
};

}  // namespace pollux::control
