#include "nts/ke/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace pollux::nts {

namespace {

// The kernel has its own bound, net.core.somaxconn.
constexpr int kBacklog = 4096;

struct SocketAddress {
  sockaddr_storage octets{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&octets); }
};

std::optional<SocketAddress> parse_address(const std::string& text, std::uint16_t port) {
  SocketAddress address;
  auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&address.octets);
  auto* const ipv6 = reinterpret_cast<sockaddr_in6*>(&address.octets);
  if (::inet_pton(AF_INET, text.c_str(), &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    address.length = sizeof *ipv4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &ipv6->sin6_addr) == 1) {
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(port);
    address.length = sizeof *ipv6;
  } else {
    return std::nullopt;
  }
  return address;
}

bool set(const Descriptor& socket, int level, int option, int value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

// IPv6 sockets leave IPv4 to those that were asked for by name.
Descriptor bound_socket(const SocketAddress& address, bool shared) {
  const int family = address.octets.ss_family;
  Descriptor socket{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
  if (!socket || !set(socket, SOL_SOCKET, SO_REUSEADDR, 1) ||
      (shared && !set(socket, SOL_SOCKET, SO_REUSEPORT, 1)) ||
      (family == AF_INET6 && !set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
      ::bind(socket.get(), address.get(), address.length) != 0)
    return {};
  return socket;
}

std::string failure(const std::string& address, std::uint16_t port, int error) {
  return "cannot listen at " + address + ", TCP port " + std::to_string(port) + ": " +
         std::generic_category().message(error);
}

// Of accepted sockets too: they inherit TCP_NODELAY.
bool start_listening(const Descriptor& socket, std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(patience);
  return set(socket, IPPROTO_TCP, TCP_NODELAY, 1) &&
         set(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT, static_cast<int>(seconds.count())) &&
         ::listen(socket.get(), kBacklog) == 0;
}

}  // namespace

std::expected<std::vector<Descriptor>, std::string> listen_at(
    std::span<const std::string> addresses, std::uint16_t port,
    std::chrono::milliseconds patience) {
  std::vector<Descriptor> sockets;
  for (const std::string& text : addresses) {
    const auto address = parse_address(text, port);
    if (!address) return std::unexpected{text + " is no IPv4 or IPv6 address"};
    Descriptor socket = bound_socket(*address, true);
    if (!socket || !start_listening(socket, patience))
      return std::unexpected{failure(text, port, errno)};
    if (port == 0) port = port_of(socket);
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

std::expected<void, std::string> expect_free(std::span<const std::string> addresses,
                                             std::uint16_t port) {
  for (const std::string& text : addresses) {
    const auto address = parse_address(text, port);
    if (address && port != 0 && !bound_socket(*address, false))
      return std::unexpected{failure(text, port, errno)};
  }
  return {};
}

std::uint16_t port_of(const Descriptor& socket) noexcept {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

ClientPrefix prefix_of(const sockaddr_storage& client) noexcept {
  ClientPrefix prefix;
  if (client.ss_family == AF_INET) {
    prefix.bits = reinterpret_cast<const sockaddr_in&>(client).sin_addr.s_addr;
  } else if (client.ss_family == AF_INET6) {
    prefix.ipv6 = true;
    const auto& address = reinterpret_cast<const sockaddr_in6&>(client).sin6_addr;
    std::memcpy(&prefix.bits, address.s6_addr, sizeof prefix.bits);
  }
  return prefix;
}

}  // namespace pollux::nts
