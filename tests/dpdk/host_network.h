// This host as the kernel has it, for tests whose program has a network namespace of its own:
// sockets at the server's address of tests/support, and interfaces. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/support/octets.h"

namespace pollux::test {

// A UDP socket at the server's IPv4 address.
class HostSocket {
 public:
  // Throws std::runtime_error where the host does not have the address.
  explicit HostSocket(std::uint16_t port);
  ~HostSocket();
  HostSocket(const HostSocket&) = delete;
  HostSocket& operator=(const HostSocket&) = delete;

  // The payload of the next datagram, if one has come.
  [[nodiscard]] std::optional<Octets> receive() const;
  // To the client's address.
  [[nodiscard]] bool send(const Octets& payload) const;

 private:
  int descriptor_;
};

// IFF_... flags of an interface; nothing where there is none.
[[nodiscard]] std::optional<int> flags_of(const char* interface);
void set_down(const char* interface);
void set_mtu(const char* interface, int mtu);

}  // namespace pollux::test
