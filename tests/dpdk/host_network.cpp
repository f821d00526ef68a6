#include "tests/dpdk/host_network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace pollux::test {

namespace {

sockaddr_in address_of(const char* text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

// One request about an interface; false where the kernel refuses it.
bool ask(unsigned long what, ifreq& request) {
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool good = ioctl(any, what, &request) == 0;
  close(any);
  return good;
}

ifreq request_for(const char* interface) {
  ifreq request{};
  std::strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
  return request;
}

}  // namespace

HostSocket::HostSocket(std::uint16_t port)
    : descriptor_{socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
  const sockaddr_in own = address_of("192.0.2.1", port);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    close(descriptor_);
    throw std::runtime_error("the host does not have the address");
  }
}

HostSocket::~HostSocket() { close(descriptor_); }

std::optional<Octets> HostSocket::receive() const {
  Octets octets(2048);
  const ssize_t length = recv(descriptor_, octets.data(), octets.size(), 0);
  if (length < 0) return std::nullopt;
  octets.resize(static_cast<std::size_t>(length));
  return octets;
}

bool HostSocket::send(const Octets& payload) const {
  const sockaddr_in client = address_of("192.0.2.10", 4000);
  return sendto(descriptor_, payload.data(), payload.size(), 0,
                reinterpret_cast<const sockaddr*>(&client),
                sizeof client) == static_cast<ssize_t>(payload.size());
}

std::optional<int> flags_of(const char* interface) {
  ifreq request = request_for(interface);
  if (!ask(SIOCGIFFLAGS, request)) return std::nullopt;
  return request.ifr_flags;
}

void set_down(const char* interface) {
  ifreq request = request_for(interface);
  EXPECT_TRUE(ask(SIOCGIFFLAGS, request));
  request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
  EXPECT_TRUE(ask(SIOCSIFFLAGS, request));
}

void set_mtu(const char* interface, int mtu) {
  ifreq request = request_for(interface);
  request.ifr_mtu = mtu;
  EXPECT_TRUE(ask(SIOCSIFMTU, request));
}

}  // namespace pollux::test
