// UDP sockets that keep the kernel from calling an address of ours unreachable: they have the NTP
// port of an address open and take nothing. Control thread.
#pragma once

#include <cstdint>
#include <expected>

#include "control/config/address_text.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

class GuardSocket {
 public:
  // On error an errno. EADDRINUSE: another program has the port open already, which keeps it open
  // as well as this would, and which goes on getting its packets. A program that opens the port
  // later for this address, with SO_REUSEADDR as time services do, gets them instead of this.
  // `interface` is the index of the address's interface, which a link-local one needs.
  [[nodiscard]] static std::expected<GuardSocket, int> open(const IpAddress& address,
                                                            std::uint16_t port, unsigned interface);

 private:
  explicit GuardSocket(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

}  // namespace pollux::control
