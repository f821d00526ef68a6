#include "control/service/observe.h"

#include <sys/epoll.h>

#include <utility>

namespace pollux::control {
namespace {

constexpr unsigned kMode = 0666;

}  // namespace

std::expected<std::unique_ptr<ObserveServer>, std::string> ObserveServer::open(
    EventLoop& loop, const std::filesystem::path& path, Document document, ObserveLimits limits) {
  std::unique_ptr<ObserveServer> server(new ObserveServer(loop, std::move(document), limits));
  auto listener = UnixListener::open(
      loop, path, kMode, std::nullopt,
      [observe = server.get()](UniqueFd client) { observe->serve(std::move(client)); });
  if (!listener) {
    return std::unexpected(std::move(listener.error()));
  }
  server->listener_ = std::move(*listener);
  return server;
}

ObserveServer::ObserveServer(EventLoop& loop, Document document, ObserveLimits limits)
    : loop_(loop), document_(std::move(document)), limits_(limits) {}

ObserveServer::~ObserveServer() {
  while (!clients_.empty()) {
    drop(clients_.begin()->first);
  }
}

void ObserveServer::serve(UniqueFd socket) {
  if (clients_.size() >= limits_.clients) {
    return;  // closes it
  }
  SocketOutput output(document_() + '\n');
  if (output.send(socket.get()) == SendState::kWaiting) {
    keep(std::move(socket), std::move(output));
  }
}

void ObserveServer::keep(UniqueFd socket, SocketOutput output) {
  const int fd = socket.get();
  loop_.add(fd, EPOLLOUT, [this, fd](std::uint32_t) {
    if (clients_.at(fd).output.send(fd) != SendState::kWaiting) {
      drop(fd);
    }
  });
  const auto deadline =
      loop_.call_at(EventLoop::Clock::now() + limits_.patience, [this, fd] { drop(fd); });
  clients_.emplace(fd, Client{std::move(socket), std::move(output), deadline});
}

void ObserveServer::drop(int fd) {
  const auto client = clients_.find(fd);
  loop_.cancel(client->second.deadline);
  loop_.remove(fd);
  clients_.erase(client);
}

}  // namespace pollux::control
