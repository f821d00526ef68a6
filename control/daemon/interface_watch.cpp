#include "control/daemon/interface_watch.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "control/service/text.h"

namespace pollux::control {

InterfaceWatch::InterfaceWatch(EventLoop& loop, std::function<void()> changed)
    : loop_{loop},
      changed_{std::move(changed)},
      socket_{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)} {
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (!socket_ ||
      bind(socket_.get(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0) {
    throw std::runtime_error(
        fmt::format("the kernel tells no changes of interfaces: {}", error_text(errno)));
  }
  loop_.add(socket_.get(), EPOLLIN, [this](std::uint32_t) { on_messages(); });
}

InterfaceWatch::~InterfaceWatch() { loop_.remove(socket_.get()); }

// Messages are not read but counted: that there was one, or that too many came (ENOBUFS), is a
// reason to look. A bounded number in one turn, so that a storm leaves the loop to others.
void InterfaceWatch::on_messages() {
  constexpr int kMostMessages = 1000;
  std::array<char, 8192> message{};
  for (int i = 0; i < kMostMessages; ++i) {
    if (recv(socket_.get(), message.data(), message.size(), 0) >= 0) continue;
    if (errno == EAGAIN) break;
  }
  changed_();
}

}  // namespace pollux::control
