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

// False where the cable is out, the interface down or gone.
[[nodiscard]] bool has_carrier(const std::string& interface);

[[nodiscard]] InterfaceFacts read_interface_facts(const std::string& interface);

}  // namespace pollux::control
