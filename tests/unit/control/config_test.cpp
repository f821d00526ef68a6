#include "control/config/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/config_keys.h"
#include "control/config/config_port.h"
#include "tests/unit/control/config_text.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

TEST(Config, FullExample) {
  const auto config = parse(kFullText);
  ASSERT_TRUE(config) << errors_of(config);
  EXPECT_EQ(config->server.run_dir, "/run/other");
  EXPECT_EQ(config->server.log_level, LogLevel::kDebug);
  EXPECT_EQ(config->ntp.port, 1123);
  EXPECT_FALSE(config->ntp.symmetric);
  EXPECT_EQ(config->ntp.deny_source_ports, (std::vector<std::uint16_t>{7, 53}));
  EXPECT_EQ(config->ntp.dscp, 46);
  EXPECT_EQ(config->limits.host_replies, 0U);
  EXPECT_TRUE(config->clock.trust);
  EXPECT_EQ(config->clock.stratum, 3);
  EXPECT_EQ(config->clock.reference_id, 0x47505300U);
  EXPECT_EQ(config->workers.cores, (std::vector<unsigned>{1, 3}));
  EXPECT_EQ(config->workers.idle, IdleMode::kSleep);
  EXPECT_EQ(config->workers.burst, 16);
  EXPECT_FALSE(config->memory.hugepages);
  EXPECT_EQ(config->memory.megabytes, 128U);
  EXPECT_EQ(config->memory.mbufs, 8192U);
  EXPECT_EQ(config->eal.extra, (std::vector<std::string>{"--log-level", "8"}));
}

TEST(Config, EndsOfTheClocksKeys) {
  for (const int end : {-1'000'000, 1'000'000}) {
    const auto config = parse(fmt::format("[clock]\nrx_comp_ns = {0}\ntx_comp_ns = {0}\n", end) +
                              std::string(kSmallText));
    ASSERT_TRUE(config) << errors_of(config);
    EXPECT_EQ(config->clock.rx_comp_ns, end);
    EXPECT_EQ(config->clock.tx_comp_ns, end);
  }
  const auto none =
      parse("[clock]\nleap_file = \"none\"\ndrift_file = \"none\"\n" + std::string(kSmallText));
  ASSERT_TRUE(none) << errors_of(none);
  EXPECT_EQ(none->clock.leap_file, kNoFile);
  EXPECT_EQ(none->clock.drift_file, kNoFile);
}

TEST(Config, PortsOfFullExample) {
  const auto config = parse(kFullText);
  ASSERT_TRUE(config) << errors_of(config);
  ASSERT_EQ(config->ports.size(), 3U);
  const PortConfig& pci = config->ports[0];
  EXPECT_EQ(pci.name, "wan");
  EXPECT_EQ(pci.kind, PortKind::kPci);
  EXPECT_EQ(pci.device, "0000:06:0a.0");
  ASSERT_EQ(pci.ipv4.size(), 1U);
  EXPECT_EQ(pci.ipv4[0], (wire::Ipv4Interface{{{192, 0, 2, 1}}, 24}));
  ASSERT_EQ(pci.ipv6.size(), 1U);
  EXPECT_EQ(pci.ipv6[0].prefix_length, 64);
  EXPECT_EQ(pci.vlans, (std::vector<std::uint16_t>{100, 200}));
  EXPECT_EQ(pci.host_stack, HostStack::kNone);
  EXPECT_EQ(pci.rx_descriptors, 512);
  EXPECT_EQ(pci.tx_descriptors, 256);
  const PortConfig& interface = config->ports[1];
  EXPECT_EQ(interface.name, "eth0");
  EXPECT_EQ(interface.kind, PortKind::kInterface);
  EXPECT_EQ(interface.driver, InterfaceDriver::kAfXdp);
  EXPECT_EQ(interface.ipv4[0].prefix_length, 32);
  const PortConfig& device = config->ports[2];
  EXPECT_EQ(device.name, "net_memif0");
  EXPECT_EQ(device.kind, PortKind::kDevice);
  EXPECT_EQ(device.device, "net_memif0,role=server,socket=/run/x.sock");
  EXPECT_EQ(device.ipv6[0].prefix_length, 128);
}

TEST(Config, InterfaceWithoutAddressesHasThoseOfTheKernel) {
  const auto config =
      parse("[[port]]\ninterface = \"eth0\"\ndriver = \"af_xdp\"\nxdp_mode = \"copy\"\n");
  ASSERT_TRUE(config) << errors_of(config);
  EXPECT_TRUE(config->ports[0].follows_interface);
  EXPECT_TRUE(config->ports[0].ipv4.empty());
  EXPECT_EQ(config->ports[0].xdp_mode, XdpMode::kCopy);
  const auto fixed = parse(
      "[[port]]\ninterface = \"eth0\"\ndriver = \"af_xdp\"\nxdp_mode = \"copy\"\n"
      "addresses = [\"192.0.2.1\"]\n");
  ASSERT_TRUE(fixed) << errors_of(fixed);
  EXPECT_FALSE(fixed->ports[0].follows_interface);
  EXPECT_TRUE(restart_required(*config, *fixed, Program::kAny).empty());
}

TEST(Config, KernelInterfaces) {
  PortConfig port;
  EXPECT_EQ(kernel_interface(port, 0), std::nullopt);
  port.host_stack = HostStack::kKernel;
  EXPECT_EQ(kernel_interface(port, 0), "plx0");
  EXPECT_EQ(kernel_interface(port, 3), "plx3");
  port.host_stack = HostStack::kAuto;
  port.kernel_interface = "wan0";
  EXPECT_EQ(kernel_interface(port, 3), "wan0");
  port.kind = PortKind::kDevice;
  EXPECT_EQ(kernel_interface(port, 3), "wan0");
  port.kind = PortKind::kInterface;
  port.kernel_interface.clear();
  port.host_stack = HostStack::kKernel;
  EXPECT_EQ(kernel_interface(port, 0), std::nullopt);
}

TEST(Config, DefaultsOfTheTableAreThoseOfTheStructs) {
  std::string text;
  std::string_view section;
  for (const Key& key : kKeys) {
    if (key.default_value.empty()) {
      continue;
    }
    if (key.section() != section) {
      section = key.section();
      text += section == "port" ? "[[port]]\n" : fmt::format("[{}]\n", section);
    }
    text += fmt::format("{} = {}\n", key.name(), key.default_value);
  }
  text += "pci = \"0000:00:06.0\"\naddresses = [\"192.0.2.1\"]\n";
  const auto written = parse(text);
  ASSERT_TRUE(written) << errors_of(written);
  const auto unwritten = parse("[[port]]\npci = \"0000:00:06.0\"\naddresses = [\"192.0.2.1\"]\n");
  ASSERT_TRUE(unwritten) << errors_of(unwritten);
  EXPECT_TRUE(restart_required(*written, *unwritten, Program::kAny).empty());
  EXPECT_EQ(written->server.log_level, unwritten->server.log_level);
  EXPECT_EQ(written->ntp.symmetric, unwritten->ntp.symmetric);
  EXPECT_EQ(written->ntp.deny_source_ports, unwritten->ntp.deny_source_ports);
  EXPECT_EQ(written->ntp.dscp, unwritten->ntp.dscp);
  EXPECT_EQ(written->limits.host_replies, unwritten->limits.host_replies);
  EXPECT_EQ(written->ports[0].vlans, unwritten->ports[0].vlans);
  EXPECT_EQ(written->nts.rotate, unwritten->nts.rotate);
  EXPECT_EQ(written->ke.deadline_ms, unwritten->ke.deadline_ms);
  EXPECT_EQ(written->ke.connections, unwritten->ke.connections);
  EXPECT_EQ(written->ke.cookies, unwritten->ke.cookies);
  EXPECT_EQ(written->ke.ntp_port, unwritten->ke.ntp_port);
  EXPECT_EQ(written->ke.sessions_per_address, unwritten->ke.sessions_per_address);
  EXPECT_EQ(written->ke.address_interval_ms, unwritten->ke.address_interval_ms);
  EXPECT_EQ(written->ke.sessions_per_second, unwritten->ke.sessions_per_second);
}

TEST(Config, EveryKeyIsInTheManual) {
  std::ifstream file{POLLUX_DOCS "/operating.md"};
  const std::string manual{std::istreambuf_iterator<char>{file}, {}};
  ASSERT_FALSE(manual.empty());
  for (const Key& key : kKeys) {
    const std::string name = fmt::format("`{}`", key.path);
    std::string row;
    std::istringstream lines{manual};
    for (std::string line; row.empty() && std::getline(lines, line);) {
      if (line.starts_with("| `") && line.substr(0, line.find(" | ")).contains(name)) row = line;
    }
    ASSERT_FALSE(row.empty()) << key.path << " is not in docs/operating.md";
    EXPECT_EQ(row.contains(" | yes | "), key.reload == Reload::kReloadable) << row;
  }
}

TEST(Config, EveryKeyHasHelp) {
  for (const Key& key : kKeys) {
    EXPECT_FALSE(key.help.empty()) << key.path;
  }
}

TEST(Config, LaterFileOverridesAndAddsPorts) {
  const std::vector<ConfigText> texts = {
      {"a.toml", "[clock]\ntrust = true\n[ntp]\nport = 1\ndscp = 2\n" + std::string(kSmallText)},
      {"b.toml",
       "[clock]\nstratum = 2\n[ntp]\nport = 3\n[[port]]\npci = \"07:00.0\"\n"
       "addresses = [\"192.0.2.2\"]\n"}};
  const auto config = parse_config(texts, Program::kPolluxd);
  ASSERT_TRUE(config) << errors_of(config);
  EXPECT_EQ(config->ntp.port, 3);
  EXPECT_EQ(config->ntp.dscp, 2);
  EXPECT_EQ(config->ports.size(), 2U);
}

TEST(Config, ErrorsNameTheirFile) {
  const std::vector<ConfigText> texts = {{"b.toml", "[ntp]\nport = 0\n"},
                                         {"a.toml", std::string(kSmallText) + "x = 1\n"}};
  EXPECT_EQ(errors_of(parse_config(texts, Program::kPolluxd)),
            "b.toml:2: ntp.port: 0 is outside 1 to 65535\n"
            "a.toml:4: unknown key 'x' in [port]\n");
}

TEST(Config, Files) {
  const TemporaryDirectory directory;
  const auto main_file = directory.write("pollux.toml", kSmallText);
  directory.write("pollux.d/20.toml", "[ntp]\ndscp = 20\n");
  directory.write("pollux.d/10.toml", "[ntp]\ndscp = 10\n");
  directory.write("pollux.d/.30.toml", "[ntp]\ndscp = 30\n");
  directory.write("pollux.d/40.toml~", "[ntp]\ndscp = 40\n");
  const auto files = config_files(main_file, directory.path() / "pollux.d");
  EXPECT_EQ(files.size(), 3U);
  const auto config = load_config(files, Program::kPolluxd);
  ASSERT_TRUE(config) << errors_of(config);
  EXPECT_EQ(config->ntp.dscp, 20);
  EXPECT_EQ(config_files(main_file, directory.path() / "none").size(), 1U);
}

TEST(Config, UnreadableFiles) {
  const TemporaryDirectory directory;
  const std::vector<std::filesystem::path> files = {
      directory.path() / "none.toml", directory.path(),
      directory.write("large.toml", std::string((1U << 20U) + 1, '\n'))};
  const auto config = load_config(files, Program::kPolluxd);
  ASSERT_FALSE(config);
  ASSERT_EQ(config.error().size(), 3U);
  EXPECT_EQ(config.error()[0].message, "cannot be read: No such file or directory");
  EXPECT_EQ(config.error()[1].message, "cannot be read: Is a directory");
  EXPECT_EQ(config.error()[2].message, "is larger than 1 MiB");
}

TEST(Config, DeepNestingIsRefused) {
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) {
    dotted += ".a";
  }
  EXPECT_EQ(errors_of(parse(dotted + " = 1\n")), "a.toml:1: a line is longer than 4096 octets\n");
  EXPECT_FALSE(parse("a = " + std::string(4000, '[')));
}

TEST(Config, RestartRequired) {
  const auto running = parse(kFullText);
  ASSERT_TRUE(running);
  Config wanted = *running;
  wanted.server.log_level = LogLevel::kError;
  wanted.ntp.symmetric = true;
  wanted.ntp.deny_source_ports.clear();
  wanted.ntp.dscp = 0;
  wanted.limits.host_replies = 5;
  wanted.ports[0].ipv4.clear();
  wanted.ports[0].vlans.clear();
  EXPECT_TRUE(restart_required(*running, wanted, Program::kPolluxd).empty());

  wanted.ntp.port = 5;
  wanted.clock.reference_id.reset();
  wanted.ports[1].rx_descriptors = 64;
  EXPECT_EQ(
      restart_required(*running, wanted, Program::kPolluxd),
      (std::vector<std::string>{"ntp.port", "clock.reference_id", "port.rx_descriptors (eth0)"}));
  wanted = *running;
  wanted.ports.pop_back();
  EXPECT_EQ(restart_required(*running, wanted, Program::kPolluxd),
            std::vector<std::string>{"port"});
}

// Neither crashes nor throws, and what is refused comes with a reason.
TEST(Config, MutatedTexts) {
  std::mt19937 random(1);
  constexpr std::string_view kPieces = "[]{}=\".,'#\\\n\t 0x-+eE:ntp";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kFullText);
    for (unsigned change = random() % 4 + 1; change > 0; --change) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        case 2:
          text.insert(at, 1, kPieces[random() % kPieces.size()]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 60));
      }
      if (text.empty()) {
        break;
      }
    }
    const auto config = parse(text);
    ASSERT_TRUE(config || !config.error().empty()) << text;
  }
}

}  // namespace
}  // namespace pollux::control
