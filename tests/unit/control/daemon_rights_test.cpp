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
  const std::vector<Capability> none;
  const std::vector<Capability> net_admin{Capability::kNetAdmin};
  const Row rows[] = {
      {"no port", {}, none},
      {"af_packet", {packet}, none},
      {"af_xdp", {xdp}, net_admin},
      {"pci", {pci}, none},
      {"pci with a driver", {odd}, none},
      {"memif", {device("net_memif0,role=server")}, none},
      {"tap", {device("net_tap0,iface=tap0")}, none},
      {"af_xdp by its device string", {device("net_af_xdp0,iface=eth0")}, net_admin},
      {"several", {packet, xdp, pci, xdp}, net_admin},
  };
  for (const Row& row : rows) EXPECT_EQ(capabilities_to_keep(row.ports), row.kept) << row.what;
}

TEST(DaemonRights, Names) {
  EXPECT_EQ(name(Capability::kNetAdmin), "cap_net_admin");
  EXPECT_EQ(name(Capability::kNetRaw), "cap_net_raw");
}

}  // namespace
}  // namespace pollux::control
