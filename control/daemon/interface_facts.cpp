#include "control/daemon/interface_facts.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
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

// Gives false where the driver does not know the question.
bool ask_driver(const std::string& interface, void* question) {
  const UniqueFd any = any_socket();
  auto request = request_for(interface);
  if (!any || !request) return false;
  request->ifr_data = static_cast<char*>(question);
  return ioctl(any.get(), SIOCETHTOOL, &*request) == 0;
}

void read_queues(const std::string& interface, InterfaceFacts& facts) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!ask_driver(interface, &channels)) return;
  facts.queues = std::max({1U, channels.combined_count, channels.rx_count});
  if (channels.max_combined != 0) facts.queue_pairs = std::max(1U, channels.combined_count);
}

bool strips_vlan_tags(const std::string& interface) {
  ethtool_value flags{};
  flags.cmd = ETHTOOL_GFLAGS;
  return ask_driver(interface, &flags) && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

// Bits of a network mask that are set; 0 where there is none.
std::uint8_t prefix_length(const sockaddr* mask, std::size_t offset, std::size_t length) {
  if (mask == nullptr) return 0;
  std::array<std::uint8_t, 16> octets{};
  std::memcpy(octets.data(), reinterpret_cast<const char*>(mask) + offset, length);
  int bits = 0;
  for (const std::uint8_t octet : octets) bits += std::popcount(octet);
  return static_cast<std::uint8_t>(bits);
}

void add_ipv4(const ifaddrs& entry, bool is_own, InterfaceFacts& facts) {
  sockaddr_in given{};
  std::memcpy(&given, entry.ifa_addr, sizeof given);
  wire::Ipv4Interface found{
      .prefix_length = prefix_length(entry.ifa_netmask, offsetof(sockaddr_in, sin_addr), 4)};
  std::memcpy(found.address.octets.data(), &given.sin_addr, found.address.octets.size());
  facts.host_ipv4.push_back(found.address);
  if (is_own) facts.ipv4.push_back(found);
}

void add_ipv6(const ifaddrs& entry, bool is_own, InterfaceFacts& facts) {
  sockaddr_in6 given{};
  std::memcpy(&given, entry.ifa_addr, sizeof given);
  wire::Ipv6Interface found{
      .prefix_length = prefix_length(entry.ifa_netmask, offsetof(sockaddr_in6, sin6_addr), 16)};
  std::memcpy(found.address.octets.data(), &given.sin6_addr, found.address.octets.size());
  const bool is_link_local = IN6_IS_ADDR_LINKLOCAL(&given.sin6_addr);
  if (is_own || !is_link_local) facts.host_ipv6.push_back(found.address);
  if (is_own && !is_link_local) facts.ipv6.push_back(found);
}

// Sorted and each once, so that two looks at the same addresses are equal.
void sort_all(InterfaceFacts& facts) {
  const auto sort = [](auto& addresses) {
    std::ranges::sort(addresses);
    const auto rest = std::ranges::unique(addresses);
    addresses.erase(rest.begin(), rest.end());
  };
  sort(facts.host_ipv4);
  sort(facts.host_ipv6);
  const auto drop_doubles = [](auto& addresses) {
    std::ranges::sort(addresses);
    const auto same = [](const auto& one, const auto& other) {
      return one.address == other.address;
    };
    const auto rest = std::ranges::unique(addresses, same);
    addresses.erase(rest.begin(), rest.end());
  };
  drop_doubles(facts.ipv4);
  drop_doubles(facts.ipv6);
}

template <typename Address>
void append(std::vector<Address>& to, const std::vector<Address>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

bool InterfaceFacts::kernel_has(const wire::Ipv4Address& address) const {
  return std::ranges::find(host_ipv4, address) != host_ipv4.end();
}

bool InterfaceFacts::kernel_has(const wire::Ipv6Address& address) const {
  return std::ranges::find(host_ipv6, address) != host_ipv6.end();
}

bool has_carrier(const std::string& interface) {
  const UniqueFd any = any_socket();
  auto request = request_for(interface);
  if (!any || !request || ioctl(any.get(), SIOCGIFFLAGS, &*request) != 0) return false;
  return (request->ifr_flags & IFF_RUNNING) != 0;
}

InterfaceFacts read_interface_facts(const std::string& interface) {
  InterfaceFacts facts{.exists = if_nametoindex(interface.c_str()) != 0};
  if (!facts.exists) return facts;
  read_queues(interface, facts);
  facts.strips_vlan_tags = strips_vlan_tags(interface);
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return facts;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{list, &freeifaddrs};
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    const bool is_own = interface == entry->ifa_name;
    if (entry->ifa_addr->sa_family == AF_INET) add_ipv4(*entry, is_own, facts);
    if (entry->ifa_addr->sa_family == AF_INET6) add_ipv6(*entry, is_own, facts);
  }
  sort_all(facts);
  return facts;
}

void keep_host_addresses(InterfaceFacts& facts, const InterfaceFacts& earlier) {
  append(facts.host_ipv4, earlier.host_ipv4);
  append(facts.host_ipv6, earlier.host_ipv6);
  sort_all(facts);
}

}  // namespace pollux::control
