#include "control/service/control_socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <exception>
#include <utility>

#include "control/service/accounts.h"
#include "control/service/log.h"
#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr unsigned kMode = 0660;
constexpr const char* kGroup = "pollux";

std::string reply_line(const nlohmann::json& reply) {
  return reply.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

uid_t peer_user(int socket) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return peer.uid;
}

}  // namespace

nlohmann::json control_success(std::string_view message) {
  return {{"ok", true}, {"message", message}};
}

nlohmann::json control_failure(std::string_view error) { return {{"ok", false}, {"error", error}}; }

std::expected<std::unique_ptr<ControlServer>, std::string> ControlServer::open(
    EventLoop& loop, const std::filesystem::path& path, Handler handler, ControlLimits limits) {
  std::unique_ptr<ControlServer> server(new ControlServer(loop, std::move(handler), limits));
  const auto group = find_group(kGroup, "group");
  auto listener = UnixListener::open(
      loop, path, kMode, group ? std::optional{*group} : std::nullopt,
      [control = server.get()](UniqueFd client) { control->accept(std::move(client)); });
  if (!listener) {
    return std::unexpected(std::move(listener.error()));
  }
  server->listener_ = std::move(*listener);
  return server;
}

ControlServer::ControlServer(EventLoop& loop, Handler handler, ControlLimits limits)
    : loop_(loop), handler_(std::move(handler)), limits_(limits) {}

ControlServer::~ControlServer() {
  while (!clients_.empty()) {
    drop(clients_.begin()->first);
  }
}

void ControlServer::accept(UniqueFd socket) {
  const int fd = socket.get();
  if (clients_.size() >= limits_.clients) {
    SocketOutput refusal(reply_line(control_failure("too many control connections, try again")));
    static_cast<void>(refusal.send(fd));
    return;  // closes it
  }
  Client& client = clients_[fd];
  client.socket = std::move(socket);
  client.deadline =
      loop_.call_at(EventLoop::Clock::now() + limits_.patience, [this, fd] { drop(fd); });
  loop_.add(fd, EPOLLIN, [this, fd](std::uint32_t) { advance(clients_.at(fd)); });
}

void ControlServer::advance(Client& client) {
  const int fd = client.socket.get();
  if (!client.output) {
    if (!read_request(client)) {
      return;
    }
    if (client.input.empty()) {
      drop(fd);
      return;
    }
    client.output.emplace(reply_line(answer(client)));
    loop_.modify(fd, EPOLLOUT);
  }
  if (client.output->send(fd) != SendState::kWaiting) {
    drop(fd);
  }
}

// True when the input is as long as it gets: a whole line, too much, or the end of the connection.
bool ControlServer::read_request(Client& client) const {
  std::array<char, 4096> buffer;
  while (client.input.size() <= limits_.request_octets) {
    const ssize_t count = recv(client.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      return false;
    }
    if (count <= 0) {
      return true;
    }
    client.input.append(buffer.data(), static_cast<std::size_t>(count));
    if (const std::size_t end = client.input.find('\n'); end != std::string::npos) {
      client.input.resize(end + 1);
      return true;
    }
  }
  return true;
}

nlohmann::json ControlServer::answer(const Client& client) const {
  if (client.input.size() > limits_.request_octets) {
    return control_failure("the request is too long");
  }
  const auto request = nlohmann::json::parse(client.input, nullptr, false);
  if (!request.is_object() || !request.contains("verb") || !request["verb"].is_string()) {
    return control_failure("the request is not a JSON object with a verb");
  }
  const auto verb = request["verb"].get<std::string>();
  log_info("control: {} asked for by user {}", printable(verb), peer_user(client.socket.get()));
  try {
    return handler_(verb, request);
  } catch (const std::exception& error) {
    log_error("control: {} failed: {}", printable(verb), error.what());
    return control_failure(error.what());
  }
}

void ControlServer::drop(int fd) {
  const auto client = clients_.find(fd);
  loop_.cancel(client->second.deadline);
  loop_.remove(fd);
  clients_.erase(client);
}

}  // namespace pollux::control
