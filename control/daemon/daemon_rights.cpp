#include "control/daemon/daemon_rights.h"

#include <algorithm>

namespace pollux::control {
namespace {

// The XDP program is taken off the interface in the end. All else needs rights only to be opened.
bool takes_off_program(const PortConfig& port) {
  if (port.kind == PortKind::kInterface) return port.driver == InterfaceDriver::kAfXdp;
  return port.kind == PortKind::kDevice && port.device.starts_with("net_af_xdp");
}

}  // namespace

std::vector<Capability> capabilities_to_keep(const std::vector<PortConfig>& ports) {
  if (std::ranges::any_of(ports, takes_off_program)) return {Capability::kNetAdmin};
  return {};
}

}  // namespace pollux::control
