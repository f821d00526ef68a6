#include "control/daemon/guard_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

namespace pollux::control {

namespace {

int bind_to(int socket, const wire::Ipv4Address& address, std::uint16_t port,
            unsigned /*interface*/) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  std::memcpy(&to.sin_addr, address.octets.data(), address.octets.size());
  return bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

int bind_to(int socket, const wire::Ipv6Address& address, std::uint16_t port, unsigned interface) {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  to.sin6_scope_id = interface;
  std::memcpy(&to.sin6_addr, address.octets.data(), address.octets.size());
  return bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

bool set(int socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket, level, option, &on, sizeof on) == 0;
}

// A packet that finds a socket is not unreachable; of none is an octet taken.
bool take_nothing(int socket) {
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &drop};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace

std::expected<GuardSocket, int> GuardSocket::open(const IpAddress& address, std::uint16_t port,
                                                  unsigned interface) {
  const bool is_ipv6 = std::holds_alternative<wire::Ipv6Address>(address);
  UniqueFd socket{::socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket || (is_ipv6 && !set(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY)) ||
      !take_nothing(socket.get()))
    return std::unexpected(errno);
  const auto bound = std::visit(
      [&](const auto& version) { return bind_to(socket.get(), version, port, interface); },
      address);
  // Shared only now: an exclusive bind finds those who came before.
  if (bound != 0 || !set(socket.get(), SOL_SOCKET, SO_REUSEADDR)) return std::unexpected(errno);
  return GuardSocket{std::move(socket)};
}

}  // namespace pollux::control
