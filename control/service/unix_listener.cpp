#include "control/service/unix_listener.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include "control/service/log.h"
#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr int kBacklog = 32;
constexpr int kAcceptsAtOnce = 8;  // then the rest of the loop gets its turn
constexpr auto kPause = std::chrono::seconds(1);

std::unexpected<std::string> failure(std::string_view what, const std::string& path) {
  return std::unexpected(fmt::format("cannot {} {}: {}", what, path, error_text(errno)));
}

std::expected<void, std::string> remove_stale(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) {
    return {};  // bind() tells what is wrong, if anything
  }
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(fmt::format("{} exists and is not a socket", path));
  }
  if (unlink(path.c_str()) != 0) {
    return failure("remove the old socket", path);
  }
  return {};
}

std::expected<UniqueFd, std::string> listen_at(const std::string& path, unsigned mode,
                                               std::optional<gid_t> group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return std::unexpected(fmt::format("{} is too long for the name of a socket", path));
  }
  std::ranges::copy(path, address.sun_path);
  if (auto removed = remove_stale(path); !removed) {
    return std::unexpected(std::move(removed.error()));
  }
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // The mode set before bind() holds from the first moment, less the umask; chmod() mends that.
  if (!socket || fchmod(socket.get(), mode) != 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      chmod(path.c_str(), mode) != 0 || listen(socket.get(), kBacklog) != 0) {
    return failure("listen at", path);
  }
  // For who is not a member, it stays its owner's.
  constexpr auto kSameOwner = static_cast<uid_t>(-1);
  if (group) static_cast<void>(chown(path.c_str(), kSameOwner, *group) == 0);
  return socket;
}

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

std::expected<std::unique_ptr<UnixListener>, std::string> UnixListener::open(
    EventLoop& loop, const std::filesystem::path& path, unsigned mode, std::optional<gid_t> group,
    OnClient on_client) {
  auto socket = listen_at(path.string(), mode, group);
  if (!socket) {
    return std::unexpected(std::move(socket.error()));
  }
  return std::unique_ptr<UnixListener>(
      new UnixListener(loop, path.string(), std::move(*socket), std::move(on_client)));
}

UnixListener::UnixListener(EventLoop& loop, std::string path, UniqueFd socket, OnClient on_client)
    : loop_(loop),
      path_(std::move(path)),
      socket_(std::move(socket)),
      on_client_(std::move(on_client)) {
  watch();
}

UnixListener::~UnixListener() {
  loop_.cancel(pause_);
  loop_.remove(socket_.get());
  unlink(path_.c_str());
}

void UnixListener::watch() {
  loop_.add(socket_.get(), EPOLLIN, [this](std::uint32_t) { accept_clients(); });
}

void UnixListener::greet(UniqueFd client) {
  try {
    on_client_(std::move(client));
  } catch (const std::exception& error) {
    log_error("{}: cannot serve a client: {}", path_, error.what());
  }
}

void UnixListener::accept_clients() {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    UniqueFd client(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      greet(std::move(client));
      continue;
    }
    if (out_of_resources(errno)) {
      log_warning("{}: cannot accept a client: {}", path_, error_text(errno));
      loop_.remove(socket_.get());
      pause_ = loop_.call_at(EventLoop::Clock::now() + kPause, [this] { watch(); });
    }
    return;
  }
}

}  // namespace pollux::control
