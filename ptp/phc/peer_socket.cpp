#include "ptp/phc/peer_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace pollux::phc {

namespace {

constexpr int kFlags = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::ranges::copy(path, address.sun_path);
  return address;
}

const sockaddr* generic(const auto& address) { return reinterpret_cast<const sockaddr*>(&address); }

// A socket in the file system with nobody behind it.
bool is_stale(const std::string& path, const sockaddr_un& address) {
  struct stat file{};
  if (lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int probe = socket(AF_UNIX, kFlags, 0);
  if (probe < 0) return false;
  const bool refused =
      connect(probe, generic(address), sizeof address) != 0 && errno == ECONNREFUSED;
  close(probe);
  return refused;
}

}  // namespace

PeerSocket::PeerSocket(PeerSocket&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, own_{std::exchange(other.own_, {})} {}

PeerSocket& PeerSocket::operator=(PeerSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(own_, other.own_);
  return *this;
}

PeerSocket::~PeerSocket() {
  if (!own_.empty()) unlink(own_.c_str());
  if (fd_ >= 0) close(fd_);
}

std::expected<PeerSocket, int> PeerSocket::udp(const std::string& address, std::uint16_t port) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  const bool is_ipv4 = inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1;
  if (!is_ipv4 && inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) != 1)
    return std::unexpected(EINVAL);
  PeerSocket result;
  result.fd_ = socket(is_ipv4 ? AF_INET : AF_INET6, kFlags, 0);
  if (result.fd_ < 0) return std::unexpected(errno);
  const int error = is_ipv4 ? result.connect_to(generic(ipv4), sizeof ipv4)
                            : result.connect_to(generic(ipv6), sizeof ipv6);
  if (error != 0) return std::unexpected(error);
  return result;
}

std::expected<PeerSocket, int> PeerSocket::unix_datagram(const std::string& own,
                                                         const std::string& peer) {
  const auto address = unix_address(peer);
  if (!address) return std::unexpected(ENAMETOOLONG);
  PeerSocket result;
  result.fd_ = socket(AF_UNIX, kFlags, 0);
  if (result.fd_ < 0) return std::unexpected(errno);
  // The peer first: where there is none, nothing is left in the file system.
  if (const int error = result.connect_to(generic(*address), sizeof *address); error != 0)
    return std::unexpected(error);
  if (const int error = result.bind_own(own); error != 0) return std::unexpected(error);
  return result;
}

int PeerSocket::bind_own(const std::string& own) {
  const auto address = unix_address(own);
  if (!address) return ENAMETOOLONG;
  if (bind(fd_, generic(*address), sizeof *address) != 0) {
    if (errno != EADDRINUSE || !is_stale(own, *address)) return errno;
    unlink(own.c_str());
    if (bind(fd_, generic(*address), sizeof *address) != 0) return errno;
  }
  own_ = own;
  return 0;
}

int PeerSocket::connect_to(const sockaddr* address, socklen_t length) const noexcept {
  return connect(fd_, address, length) == 0 ? 0 : errno;
}

int PeerSocket::send(std::span<const std::byte> message) const noexcept {
  const auto sent = ::send(fd_, message.data(), message.size(), MSG_NOSIGNAL);
  return sent < 0 ? errno : 0;
}

std::expected<std::size_t, int> PeerSocket::receive(std::span<std::byte> room) const noexcept {
  const auto length = recv(fd_, room.data(), room.size(), 0);
  if (length < 0) return std::unexpected(errno == EWOULDBLOCK ? EAGAIN : errno);
  return static_cast<std::size_t>(length);
}

PeerOutcome outcome_of(int error) noexcept {
  switch (error) {
    case EACCES:
    case EPERM:
      return PeerOutcome::kDenied;
    case EAGAIN:  // its queue is full: it does not read
    case ENOBUFS:
      return PeerOutcome::kSilent;
    default:
      return PeerOutcome::kAbsent;
  }
}

}  // namespace pollux::phc
