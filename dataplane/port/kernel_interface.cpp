#include "dataplane/port/kernel_interface.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <rte_errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "dataplane/port/interface_address.h"

namespace pollux::port {

namespace {

constexpr const char* kDevice = "/dev/net/tun";

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", what, rte_strerror(errno)));
}

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return request;
}

// Closed at the end of a scope.
struct Socket {
  explicit Socket(int fd) : descriptor{fd} {}
  ~Socket() {
    if (descriptor >= 0) close(descriptor);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int descriptor;
};

// Gives `wanted` and takes away what was `held` otherwise; `held` becomes what the interface has.
template <typename Interface>
std::string exchange_addresses(unsigned index, std::vector<Interface>& held,
                               const std::vector<Interface>& wanted) {
  std::string trouble;
  std::vector<Interface> having;
  for (const Interface& own : held) {
    if (std::ranges::find(wanted, own) == wanted.end() && !remove_address(index, own)) {
      trouble = fmt::format("an address cannot be taken away: {}", rte_strerror(errno));
      having.push_back(own);
    }
  }
  for (const Interface& own : wanted) {
    if (std::ranges::find(held, own) != held.end() || add_address(index, own)) {
      having.push_back(own);
    } else {
      trouble =
          fmt::format("an IPv{} address cannot be given: {}",
                      sizeof own.address == sizeof(wire::Ipv4Address) ? 4 : 6, rte_strerror(errno));
    }
  }
  held = having;
  return trouble;
}

}  // namespace

KernelInterface::KernelInterface(std::string name, const wire::MacAddress& mac, unsigned mtu)
    : name_{std::move(name)}, descriptor_{open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC)} {
  if (descriptor_ < 0) fail(fmt::format("{} cannot be opened", kDevice));
  try {
    configure(mac, mtu);
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

KernelInterface::~KernelInterface() { close(descriptor_); }

// No header beside the frame, and nothing that a card does for the kernel: it completes checksums
// and cuts segments itself.
void KernelInterface::configure(const wire::MacAddress& mac, unsigned mtu) {
  const std::string what = fmt::format("the interface {}", name_);
  ifreq request = request_for(name_);
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
  if (ioctl(descriptor_, TUNSETIFF, &request) != 0) fail(what + " cannot be made");
  const Socket any{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (any.descriptor < 0) fail("no socket");
  request = request_for(name_);
  if (ioctl(any.descriptor, SIOCGIFINDEX, &request) != 0) fail(what);
  index_ = static_cast<unsigned>(request.ifr_ifindex);
  if (mac != wire::MacAddress{}) {
    request = request_for(name_);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::memcpy(request.ifr_hwaddr.sa_data, mac.octets.data(), mac.octets.size());
    if (ioctl(any.descriptor, SIOCSIFHWADDR, &request) != 0)
      fail(what + " does not take the MAC address of the port");
  }
  request = request_for(name_);
  request.ifr_mtu = static_cast<int>(mtu);
  if (ioctl(any.descriptor, SIOCSIFMTU, &request) != 0)
    fail(fmt::format("{} does not take an MTU of {}", what, mtu));
  request = request_for(name_);
  if (ioctl(any.descriptor, SIOCGIFFLAGS, &request) != 0) fail(what);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (ioctl(any.descriptor, SIOCSIFFLAGS, &request) != 0) fail(what + " cannot be brought up");
}

std::string KernelInterface::set_addresses(const std::vector<wire::Ipv4Interface>& ipv4,
                                           const std::vector<wire::Ipv6Interface>& ipv6) {
  const std::string first = exchange_addresses(index_, ipv4_, ipv4);
  const std::string second = exchange_addresses(index_, ipv6_, ipv6);
  return first.empty() ? second : first;
}

void KernelInterface::set_carrier(bool is_up) noexcept {
  if (has_carrier_ == is_up) return;
  int carrier = is_up ? 1 : 0;
  if (ioctl(descriptor_, TUNSETCARRIER, &carrier) == 0) has_carrier_ = is_up;
}

bool KernelInterface::write(std::span<const std::byte> frame) const noexcept {
  return ::write(descriptor_, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}

std::size_t KernelInterface::read(std::span<std::byte> into) const noexcept {
  const ssize_t length = ::read(descriptor_, into.data(), into.size());
  return length < 0 ? 0 : static_cast<std::size_t>(length);
}

}  // namespace pollux::port
