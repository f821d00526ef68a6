#include "dataplane/port/interface_address.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace pollux::port {

namespace {

// One request with room for two attributes of an IPv6 address.
class AddressRequest {
 public:
  AddressRequest(std::uint16_t type, std::uint16_t flags, const ifaddrmsg& address) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    add(header);
    add(address);
  }

  void add_attribute(std::uint16_t type, std::span<const std::uint8_t> value) {
    rtattr attribute{};
    attribute.rta_type = type;
    attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size()));
    add(attribute);
    std::memcpy(octets_.data() + length_, value.data(), value.size());
    length_ += NLMSG_ALIGN(value.size());
  }

  [[nodiscard]] std::span<const std::byte> finish() {
    const auto length = static_cast<std::uint32_t>(length_);
    std::memcpy(octets_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
    return std::span{octets_}.first(length_);
  }

 private:
  template <typename Part>
  void add(const Part& part) {
    std::memcpy(octets_.data() + length_, &part, sizeof part);
    length_ += NLMSG_ALIGN(sizeof part);
  }

  std::array<std::byte, 128> octets_{};
  std::size_t length_ = 0;
};

// The error number of the kernel's answer, 0 for success.
int ask_kernel(std::span<const std::byte> request) {
  const int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (descriptor < 0) return errno;
  struct {
    nlmsghdr header;
    nlmsgerr error;
    std::array<std::byte, 512> rest;
  } answer{};
  int error = EPROTO;
  ssize_t length = send(descriptor, request.data(), request.size(), 0);
  if (length >= 0) length = recv(descriptor, &answer, sizeof answer, 0);
  if (length < 0) {
    error = errno;
  } else if (static_cast<std::size_t>(length) >= sizeof answer.header + sizeof answer.error &&
             answer.header.nlmsg_type == NLMSG_ERROR) {
    error = -answer.error.error;
  }
  close(descriptor);
  return error;
}

template <typename Interface>
bool change_address(unsigned index, const Interface& own, bool add) {
  ifaddrmsg message{};
  message.ifa_family = sizeof own.address == sizeof(wire::Ipv4Address) ? AF_INET : AF_INET6;
  message.ifa_prefixlen = own.prefix_length;
  message.ifa_index = index;
  AddressRequest request{static_cast<std::uint16_t>(add ? RTM_NEWADDR : RTM_DELADDR),
                         static_cast<std::uint16_t>(add ? NLM_F_CREATE | NLM_F_EXCL : 0), message};
  request.add_attribute(IFA_LOCAL, own.address.octets);
  request.add_attribute(IFA_ADDRESS, own.address.octets);
  const int error = ask_kernel(request.finish());
  errno = error;
  return error == 0 || error == (add ? EEXIST : EADDRNOTAVAIL);
}

}  // namespace

bool add_address(unsigned index, const wire::Ipv4Interface& own) {
  return change_address(index, own, true);
}
bool add_address(unsigned index, const wire::Ipv6Interface& own) {
  return change_address(index, own, true);
}
bool remove_address(unsigned index, const wire::Ipv4Interface& own) {
  return change_address(index, own, false);
}
bool remove_address(unsigned index, const wire::Ipv6Interface& own) {
  return change_address(index, own, false);
}

}  // namespace pollux::port
