#include "control/daemon/daemon_rights.h"

#include <algorithm>

#include "control/config/config_port.h"

namespace pollux::control {
namespace {

constexpr std::uint16_t kFirstFreePort = 1024;  // see ip(7)

// Addresses may come to it later, and with them sockets at the NTP port.
bool is_interface(const PortConfig& port) { return port.kind == PortKind::kInterface; }

// The XDP program is taken off the interface in the end.
bool takes_off_program(const PortConfig& port) {
  if (is_interface(port)) return port.driver == InterfaceDriver::kAfXdp;
  return port.kind == PortKind::kDevice && port.device.starts_with("net_af_xdp");
}

}  // namespace

std::vector<Capability> capabilities_to_keep(const Config& config) {
  const auto any = [&ports = config.ports](auto needs) {
    return std::ranges::any_of(ports, needs);
  };
  std::vector<Capability> kept;
  bool gives_interfaces = false;
  for (std::size_t i = 0; i < config.ports.size(); ++i)
    gives_interfaces |= kernel_interface(config.ports[i], i).has_value();
  if (gives_interfaces || any(takes_off_program)) kept.push_back(Capability::kNetAdmin);
  if (config.ntp.port < kFirstFreePort && any(is_interface))
    kept.push_back(Capability::kNetBindService);
  return kept;
}

}  // namespace pollux::control
