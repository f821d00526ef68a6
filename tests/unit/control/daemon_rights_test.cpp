#include "control/daemon/daemon_rights.h"

#include <gtest/gtest.h>

namespace pollux::control {
namespace {

struct Row {
  const char* what;
  std::vector<PortConfig> ports;
  std::vector<Capability> kept;
};

TEST(DaemonRights, ByTheWayThatPortsRun) {
  const PortConfig packet{.kind = PortKind::kInterface, .device = "eth0"};
  const PortConfig xdp{
      .kind = PortKind::kInterface, .device = "eth1", .driver = InterfaceDriver::kAfXdp};
  const PortConfig pci{.kind = PortKind::kPci, .device = "0000:06:00.0"};
  const auto device = [](const char* text) {
    return PortConfig{.kind = PortKind::kDevice, .device = text};
  };
  // A port that is no interface has some driver all the same.
  const PortConfig odd{
      .kind = PortKind::kPci, .device = "0000:06:00.0", .driver = InterfaceDriver::kAfXdp};
  PortConfig whole = pci;
  whole.host_stack = HostStack::kKernel;
  const std::vector<Capability> none;
  const std::vector<Capability> net_admin{Capability::kNetAdmin};
  const std::vector<Capability> bind{Capability::kNetBindService};
  const std::vector<Capability> both{Capability::kNetAdmin, Capability::kNetBindService};
  const Row rows[] = {
      {"no port", {}, none},
      {"af_packet", {packet}, bind},
      {"af_xdp", {xdp}, both},
      {"pci", {pci}, none},
      {"pci with a driver", {odd}, none},
      {"memif", {device("net_memif0,role=server")}, none},
      {"tap", {device("net_tap0,iface=tap0")}, none},
      {"af_xdp by its device string", {device("net_af_xdp0,iface=eth0")}, net_admin},
      {"several", {packet, xdp, pci, xdp}, both},
      {"pci with an interface for the kernel", {whole}, net_admin},
      {"device with one", {pci, whole, whole}, net_admin},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(capabilities_to_keep({.ports = row.ports}), row.kept) << row.what;
  }
  EXPECT_EQ(capabilities_to_keep({.ntp = {.port = 1123}, .ports = {packet}}), none);
  EXPECT_EQ(capabilities_to_keep({.ntp = {.port = 1123}, .ports = {xdp}}), net_admin);
}

TEST(DaemonRights, Names) {
  EXPECT_EQ(name(Capability::kNetAdmin), "cap_net_admin");
  EXPECT_EQ(name(Capability::kNetBindService), "cap_net_bind_service");
}

}  // namespace
}  // namespace pollux::control
