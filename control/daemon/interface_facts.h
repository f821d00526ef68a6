// What the kernel says of its network interfaces. Control thread, at start, on reload and when the
// kernel tells of a change.
#pragma once

#include <string>
#include <vector>

#include "dataplane/wire/address.h"

namespace pollux::control {

struct InterfaceFacts {
  bool exists = false;
  unsigned queues = 1;       // that receive, as the driver tells; 1 where it does not
  unsigned queue_pairs = 1;  // that receive and send, the ones that DPDK's af_xdp driver counts
  bool strips_vlan_tags = false;  // before anybody sees the frame
  std::vector<wire::Ipv4Interface> ipv4;
  std::vector<wire::Ipv6Interface> ipv6;  // without link-local ones

  // Addresses that are this host's when they come by this interface: those of all its interfaces,
  // and the link-local ones of this.
  std::vector<wire::Ipv4Address> host_ipv4;
  std::vector<wire::Ipv6Address> host_ipv6;

  [[nodiscard]] bool kernel_has(const wire::Ipv4Address& address) const;
  [[nodiscard]] bool kernel_has(const wire::Ipv6Address& address) const;

  friend bool operator==(const InterfaceFacts&, const InterfaceFacts&) = default;
};

// False where the cable is out, the interface down or gone.
[[nodiscard]] bool has_carrier(const std::string& interface);

[[nodiscard]] InterfaceFacts read_interface_facts(const std::string& interface);

// Takes the host's addresses of an earlier look over: an address that was the kernel's stays so for
// ARP and the like, although it is gone for a while, until the facts are read anew.
void keep_host_addresses(InterfaceFacts& facts, const InterfaceFacts& earlier);

}  // namespace pollux::control
