// What the kernel says of its network interfaces. Control thread, at start and on reload.
#pragma once

#include <string>
#include <vector>

#include "dataplane/wire/address.h"

namespace pollux::control {

struct InterfaceFacts {
  bool exists = false;
  unsigned queues = 1;  // that receive, as the driver tells; 1 where it does not
  std::vector<wire::Ipv4Address> ipv4;
  std::vector<wire::Ipv6Address> ipv6;  // without link-local ones
};

[[nodiscard]] InterfaceFacts read_interface_facts(const std::string& interface);

}  // namespace pollux::control
