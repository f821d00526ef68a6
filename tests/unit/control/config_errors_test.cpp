#include <gtest/gtest.h>

#include <string>

#include "control/config/config.h"
#include "tests/unit/control/config_text.h"

namespace pollux::control {
namespace {

struct BadText {
  const char* text;
  const char* error;  // the beginning of one of the errors
};

// Each is put before a good [[port]].
constexpr BadText kBadSections[] = {
    {"[ntp]\nprot = 1\n", "a.toml:2: unknown key 'prot' in [ntp], did you mean 'port'?"},
    {"[ntp]\nzzzzzzzzz = 1\n", "a.toml:2: unknown key 'zzzzzzzzz' in [ntp]\n"},
    {"[ntpp]\nport = 1\n", "a.toml:1: unknown section 'ntpp', did you mean 'ntp'?"},
    {"dscp = 1\n", "a.toml:1: 'dscp' stands outside of its section [ntp]"},
    {"\"a\\u001b[2J\" = 1\n", "a.toml:1: unknown section 'a?[2J'"},
    {"ntp = 4\n", "a.toml:1: ntp: expected a section [ntp], found an integer"},
    {"[ntp]\nport = \"123\"\n", "a.toml:2: ntp.port: expected an integer, found a string"},
    {"[ntp]\nport = 1.5\n",
     "a.toml:2: ntp.port: expected an integer, found a number with a fraction"},
    {"[ntp]\nport = 0\n", "a.toml:2: ntp.port: 0 is outside 1 to 65535"},
    {"[ntp]\nport = -1\n", "a.toml:2: ntp.port: -1 is outside 1 to 65535"},
    {"[ntp]\nsymmetric = 1\n", "a.toml:2: ntp.symmetric: expected true or false, found an integer"},
    {"[ntp]\ndeny_source_ports = 7\n",
     "a.toml:2: ntp.deny_source_ports: expected a list, found an integer"},
    {"[ntp]\ndeny_source_ports = [7,\n 70000]\n",
     "a.toml:3: ntp.deny_source_ports: 70000 is outside 1 to 65535"},
    {"[ntp]\nport = 1\nport = 2\n", "a.toml:3: "},
    {"[ntp\nport = 1\n", "a.toml:1: "},
    {"[ntp]\nport = 99999999999999999999\n", "a.toml:2: "},
    {"[server]\nlog_level = \"warn\"\n",
     "a.toml:2: server.log_level: 'warn' is not one of debug, info, warning, error, did you mean "
     "'warning'?"},
    {"[server]\nrun_dir = \"run\"\n", "a.toml:2: server.run_dir: 'run' does not begin with /"},
    {"[server]\nrun_dir = \"\"\n", "a.toml:2: server.run_dir is empty"},
    {"[server]\nrun_dir = \"/a\\u0000b\"\n",
     "a.toml:2: server.run_dir contains a control character"},
    {"[clock]\ntrust = true\n", "a.toml:2: clock.trust = true needs clock.stratum"},
    {"[clock]\nstratum = 16\n", "a.toml:2: clock.stratum: 16 is outside 1 to 15"},
    {"[clock]\nreference_id = \"TOOLONG\"\n", "a.toml:2: clock.reference_id: 'TOOLONG' is neither"},
    {"[clock]\ndrift_file = \"drift\"\n",
     "a.toml:2: clock.drift_file: 'drift' does not begin with / and is not 'none'"},
    {"[clock]\nleap_file = \"None\"\n", "a.toml:2: clock.leap_file: 'None' does not begin with /"},
    {"[clock]\nphc = [\"eth0\"]\nptp4l = \"none\"\n",
     "a.toml:3: clock.ptp4l: 'none' does not begin with /"},
    {"[clock]\nphc = [\"eth0\", \"eth0\"]\n", "a.toml:2: clock.phc: a clock is there twice"},
    {"[clock]\ntrust_phc = true\n", "a.toml:2: clock.trust_phc means nothing without clock.phc"},
    {"[clock]\nptp4l = \"/run/ptp4l\"\n", "a.toml:2: clock.ptp4l means nothing without clock.phc"},
    {"[clock]\nphc_reference_id = \"GPS\"\n",
     "a.toml:2: clock.phc_reference_id means nothing without clock.phc"},
    {"[clock]\nrx_comp_ns = -1000001\n",
     "a.toml:2: clock.rx_comp_ns: -1000001 is outside -1000000 to 1000000"},
    {"[clock]\ntx_comp_ns = 1000001\n",
     "a.toml:2: clock.tx_comp_ns: 1000001 is outside -1000000 to 1000000"},
    {"[clock]\nsource = \"system\"\n", "a.toml:2: unknown key 'source' in [clock]"},
    {"[workers]\ncores = [1, 1]\n", "a.toml:2: workers.cores: a CPU is there twice"},
    {"[workers]\nidle = \"pol\"\n",
     "a.toml:2: workers.idle: 'pol' is not one of auto, poll, sleep, did you mean 'poll'?"},
    {"[memory]\nmegabytes = 64\nmbufs = 100000\n",
     "a.toml:3: memory.mbufs: 100000 buffers need 226 MiB, memory.megabytes is 64"},
    {"[workers]\ncores = [1, 2]\n[memory]\nmbufs = 1024\n",
     "a.toml:4: memory.mbufs: 1024 buffers do not fill the 2048 receive descriptors"},
    {"[eal]\nextra = [1]\n", "a.toml:2: eal.extra: expected a string, found an integer"},
};

TEST(ConfigErrors, BadSections) {
  for (const BadText& bad : kBadSections) {
    const auto config = parse(std::string(bad.text) + std::string(kSmallText));
    ASSERT_FALSE(config) << bad.text;
    EXPECT_NE(errors_of(config).find(bad.error), std::string::npos)
        << bad.text << "gave\n"
        << errors_of(config) << "instead of\n"
        << bad.error;
  }
}

constexpr BadText kBadPorts[] = {
    {"", "a.toml: no [[port]] is given"},
    {"[port]\npci = \"06:00.0\"\n", "a.toml:1: port: expected tables that begin with [[port]]"},
    {"[[port]]\naddresses = [\"192.0.2.1\"]\n", "a.toml:1: [[port]] needs exactly one of"},
    {"[[port]]\npci = \"06:00.0\"\ndevice = \"net_ring0\"\naddresses = [\"192.0.2.1\"]\n",
     "a.toml:1: [[port]] needs exactly one of pci, interface and device, found 2"},
    {"[[port]]\npci = \"6:0\"\naddresses = [\"192.0.2.1\"]\n",
     "a.toml:2: port.pci: '6:0' is not a PCI address"},
    {"[[port]]\ninterface = \"eth0\"\naddresses = [\"192.0.2.1\"]\n",
     "a.toml:1: [[port]] with interface needs driver"},
    {"[[port]]\ninterface = \"an_interface_name\"\ndriver = \"af_xdp\"\n",
     "a.toml:2: port.interface: 'an_interface_name' is not a name that an interface can have"},
    {"[[port]]\npci = \"06:00.0\"\ndriver = \"af_xdp\"\naddresses = [\"192.0.2.1\"]\n",
     "a.toml:3: port.driver is for a port with interface only"},
    {"[[port]]\npci = \"06:00.0\"\n", "a.toml:1: [[port]] needs addresses"},
    {"[[port]]\ninterface = \"eth0\"\ndriver = \"af_xdp\"\naddresses = []\n",
     "a.toml:4: port.addresses: at least one"},
    {"[[port]]\ninterface = \"eth0\"\ndriver = \"af_packet\"\nxdp_mode = \"generic\"\n",
     "a.toml:4: port.xdp_mode is for a port with driver = \"af_xdp\" only"},
    {"[[port]]\ninterface = \"eth0\"\ndriver = \"af_xdp\"\nxdp_mode = \"fast\"\n",
     "a.toml:4: port.xdp_mode"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = []\n", "a.toml:3: port.addresses: at least one"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1/24\",\n\"192.0.2.1\"]\n",
     "a.toml:4: port.addresses: 192.0.2.1 is there twice"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\nvlans = [1, 4095]\n",
     "a.toml:4: port.vlans: 4095 is outside 1 to 4094"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\nvlans = [1, 1]\n",
     "a.toml:4: port.vlans: a VLAN is there twice"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\n"
     "[[port]]\ndevice = \"0000:06:00.0,x=1\"\naddresses = [\"192.0.2.2\"]\n",
     "a.toml:4: [[port]]: the device 0000:06:00.0 is used by another port too"},
    {"[[port]]\nname = \"a\"\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\n"
     "[[port]]\nname = \"a\"\npci = \"07:00.0\"\naddresses = [\"192.0.2.2\"]\n",
     "a.toml:5: port.name: 'a' is the name of another port too"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\nkernel_interface = \"a/b\"\n",
     "a.toml:4: port.kernel_interface: 'a/b' is not a name that an interface can have"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\nkernel_interface = \"\"\n",
     "a.toml:4: port.kernel_interface: '' is not a name that an interface can have"},
    {"[[port]]\ninterface = \"eth0\"\ndriver = \"af_packet\"\naddresses = [\"192.0.2.1\"]\n"
     "kernel_interface = \"wan0\"\n",
     "a.toml:5: port.kernel_interface is for a port with pci or device only"},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\nhost_stack = \"none\"\n"
     "kernel_interface = \"wan0\"\n",
     "a.toml:5: port.kernel_interface means nothing with host_stack = \"none\""},
    {"[[port]]\npci = \"06:00.0\"\naddresses = [\"192.0.2.1\"]\nkernel_interface = \"plx1\"\n"
     "[[port]]\npci = \"07:00.0\"\naddresses = [\"192.0.2.2\"]\nhost_stack = \"kernel\"\n",
     "a.toml:5: port.kernel_interface: plx1 is that of another port too"},
};

TEST(ConfigErrors, BadPorts) {
  for (const BadText& bad : kBadPorts) {
    const auto config = parse(bad.text);
    ASSERT_FALSE(config) << bad.text;
    EXPECT_NE(errors_of(config).find(bad.error), std::string::npos)
        << bad.text << "gave\n"
        << errors_of(config) << "instead of\n"
        << bad.error;
  }
}

TEST(ConfigErrors, ErrorsStandAloneInOrder) {
  EXPECT_EQ(
      errors_of(parse("[ntp]\ndscp = 64\nport = \"x\"\nwrong = 1\n" + std::string(kSmallText))),
      "a.toml:2: ntp.dscp: 64 is outside 0 to 63\n"
      "a.toml:3: ntp.port: expected an integer, found a string\n"
      "a.toml:4: unknown key 'wrong' in [ntp]\n");
}

}  // namespace
}  // namespace pollux::control
