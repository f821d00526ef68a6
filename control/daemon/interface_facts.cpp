#include "control/daemon/interface_facts.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "control/service/unique_fd.h"

namespace pollux::control {

namespace {

std::optional<ifreq> request_for(const std::string& interface) {
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return std::nullopt;
  std::ranges::copy(interface, request.ifr_name);
  return request;
}

UniqueFd any_socket() { return UniqueFd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)}; }

unsigned read_queue_count(const std::string& interface) {
  const UniqueFd any = any_socket();
  auto request = request_for(interface);
  if (!any || !request) return 1;
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  request->ifr_data = reinterpret_cast<char*>(&channels);
  if (ioctl(any.get(), SIOCETHTOOL, &*request) != 0) return 1;
  return std::max({1U, channels.combined_count, channels.rx_count});
}

void add_address(const sockaddr& address, InterfaceFacts& facts) {
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    std::memcpy(facts.ipv4.emplace_back().octets.data(), &ipv4.sin_addr, sizeof ipv4.sin_addr);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    if (IN6_IS_ADDR_LINKLOCAL(&ipv6.sin6_addr)) return;
    std::memcpy(facts.ipv6.emplace_back().octets.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  }
}

}  // namespace

bool has_carrier(const std::string& interface) {
  const UniqueFd any = any_socket();
  auto request = request_for(interface);
  if (!any || !request || ioctl(any.get(), SIOCGIFFLAGS, &*request) != 0) return false;
  return (request->ifr_flags & IFF_RUNNING) != 0;
}

InterfaceFacts read_interface_facts(const std::string& interface) {
  InterfaceFacts facts{.exists = if_nametoindex(interface.c_str()) != 0};
  if (!facts.exists) return facts;
  facts.queues = read_queue_count(interface);
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return facts;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{list, &freeifaddrs};
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr != nullptr && interface == entry->ifa_name)
      add_address(*entry->ifa_addr, facts);
  }
  return facts;
}

}  // namespace pollux::control
