#include "control/daemon/interface_lock.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "control/service/text.h"

namespace pollux::control {

namespace {

struct Name {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// By number: an interface may be given another name.
Name name_of(unsigned interface_index) {
  const std::string text = fmt::format("pollux/interface/{}", interface_index);
  Name name;
  std::ranges::copy(text, name.address.sun_path + 1);  // behind the octet that makes it abstract
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return name;
}

UniqueFd unix_socket() { return UniqueFd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}; }

std::string owner_of(const Name& name) {
  const UniqueFd client = unix_socket();
  ucred owner{};
  socklen_t length = sizeof owner;
  if (!client || connect(client.get(), name.get(), name.length) != 0 ||
      getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &owner, &length) != 0 || owner.pid == 0)
    return "another process";
  return fmt::format("another process (pid {}, user id {})", owner.pid, owner.uid);
}

}  // namespace

std::expected<InterfaceLock, std::string> InterfaceLock::acquire(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return std::unexpected(fmt::format("there is no interface {}", interface));
  const Name name = name_of(index);
  UniqueFd socket = unix_socket();
  if (socket && bind(socket.get(), name.get(), name.length) == 0 && listen(socket.get(), 8) == 0)
    return InterfaceLock{std::move(socket)};
  if (errno == EADDRINUSE) {
    return std::unexpected(
        fmt::format("{} serves the interface {}; there is one polluxd for an interface",
                    owner_of(name), interface));
  }
  return std::unexpected(
      fmt::format("the interface {} cannot be claimed: {}", interface, error_text(errno)));
}

}  // namespace pollux::control
