// Which frames the XDP program hands to Pollux: a table, run by the kernel itself.
#include <gtest/gtest.h>

#include <array>
#include <ostream>

#include "tests/support/packet_builder.h"
#include "tests/unit/xdp/live_program.h"

namespace pollux::test {
namespace {

// Pollux shares .1 and ::1 with the kernel; .9 and ::9 the kernel does not have.
const Octets kShared4 = address("192.0.2.1");
const Octets kShared6 = address("2001:db8::1");
const Octets kAlone4 = address("192.0.2.9");
const Octets kAlone6 = address("2001:db8::9");
const Octets kClient6 = address("2001:db8::10");

xdp::Rules table_rules() {
  return {.ports = {123},
          .vlans = {100, 200},
          .ipv4 = {{{{192, 0, 2, 1}}, false}, {{{192, 0, 2, 9}}, true}},
          .ipv6 = {{{{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, false},
                   {{{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}}, true}}};
}

struct Row {
  std::string name;
  Octets frame;
  Way way;
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

class Table {
 public:
  // The same change of a request over IPv4 and IPv6.
  template <typename Change>
  void both(const std::string& name, Way way, Change change) {
    Frame ipv4 = ipv4_request();
    change(ipv4);
    add(name + ", IPv4", way, ipv4.build());
    Frame ipv6 = ipv6_request();
    ipv6.destination = kShared6;
    ipv6.source = kClient6;
    change(ipv6);
    add(name + ", IPv6", way, ipv6.build());
  }
  template <typename Change>
  void ipv4(const std::string& name, Way way, Change change) {
    Frame frame = ipv4_request();
    change(frame);
    add(name, way, frame.build());
  }
  template <typename Change>
  void ipv6(const std::string& name, Way way, Change change) {
    Frame frame = ipv6_request();
    frame.destination = kShared6;
    frame.source = kClient6;
    change(frame);
    add(name, way, frame.build());
  }
  void add(const std::string& name, Way way, Octets frame) {
    rows_.push_back({name, std::move(frame), way});
  }
  [[nodiscard]] std::vector<Row> rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
};

void to_alone(Frame& frame) { frame.destination = frame.is_ipv6() ? kAlone6 : kAlone4; }

void add_requests(Table& table) {
  table.both("request", Way::kPollux, [](Frame&) {});
  table.both("request without an offset, DF off", Way::kPollux,
             [](Frame& frame) { frame.fragment = 0; });
  table.both("symmetric request", Way::kPollux,
             [](Frame& frame) { frame.payload = ntp_message({.mode = 1}); });
  table.both("version 1 without a mode", Way::kPollux,
             [](Frame& frame) { frame.payload = ntp_message({.version = 1, .mode = 0}); });
  table.both("request with extension fields", Way::kPollux,
             [](Frame& frame) { frame.payload.resize(400); });
  table.both("request of one octet", Way::kPollux, [](Frame& frame) { frame.payload = {0x23}; });
  table.both("wrong UDP checksum", Way::kPollux,
             [](Frame& frame) { frame.udp_checksum = UdpChecksum::kWrong; });
  for (const unsigned mode : {2U, 4U, 5U, 6U, 7U}) {
    table.both("mode " + std::to_string(mode), Way::kKernel,
               [mode](Frame& frame) { frame.payload = ntp_message({.mode = mode}); });
  }
  table.both("no payload", Way::kKernel, [](Frame& frame) { frame.payload = {}; });
}

void add_others(Table& table) {
  for (const auto port : std::to_array<std::uint16_t>({0, 122, 124, 4460, 0x7b00})) {
    table.both("to port " + std::to_string(port), Way::kKernel,
               [port](Frame& frame) { frame.destination_port = port; });
  }
  table.both("from port 123 to another", Way::kKernel, [](Frame& frame) {
    frame.source_port = 123;
    frame.destination_port = 40'000;
  });
  for (const auto protocol : std::to_array<std::uint8_t>({6, 132, 136})) {
    table.both("protocol " + std::to_string(protocol), Way::kKernel,
               [protocol](Frame& frame) { frame.protocol = protocol; });
  }
  table.ipv4("to somebody else, IPv4", Way::kKernel,
             [](Frame& frame) { frame.destination = address("192.0.2.2"); });
  table.ipv4("to the broadcast address", Way::kKernel,
             [](Frame& frame) { frame.destination = address("192.0.2.255"); });
  table.ipv4("to a group, IPv4", Way::kKernel,
             [](Frame& frame) { frame.destination = address("224.0.1.1"); });
  table.ipv6("to somebody else, IPv6", Way::kKernel,
             [](Frame& frame) { frame.destination = address("2001:db8::2"); });
  table.ipv6("to a link-local address", Way::kKernel,
             [](Frame& frame) { frame.destination = address("fe80::1"); });
  table.ipv6("to a group, IPv6", Way::kKernel,
             [](Frame& frame) { frame.destination = address("ff02::101"); });
  table.add("ping, IPv4", Way::kKernel, echo_request(ipv4_request(), Octets(56)).build());
  Frame ping = ipv6_request();
  ping.destination = kShared6;
  table.add("ping, IPv6", Way::kKernel, echo_request(ping, Octets(56)).build());
  table.add("ARP", Way::kKernel, arp_frame());
  table.add("neighbour solicitation", Way::kKernel, solicitation(kClient6, kShared6, {}).build());
}

void add_headers(Table& table) {
  for (const std::size_t options : {4U, 12U, 40U}) {
    table.ipv4("IPv4 with " + std::to_string(options) + " octets of options", Way::kPollux,
               [options](Frame& frame) { frame.ipv4_options = Octets(options, 1); });
  }
  for (const auto fragment :
       std::to_array<std::uint16_t>({0x2000, 0x6000, 1, 0x2001, 0x1fff, 0x4001})) {
    table.ipv4("fragment word " + std::to_string(fragment), Way::kKernel,
               [fragment](Frame& frame) { frame.fragment = fragment; });
  }
  table.ipv4("reserved flag", Way::kPollux, [](Frame& frame) { frame.fragment = 0x8000; });
  for (const auto first : std::to_array<std::uint8_t>({0x65, 0x05, 0x44, 0x40})) {
    table.ipv4("IPv4 that begins with " + std::to_string(first), Way::kKernel,
               [first](Frame& frame) { frame.first_octet = first; });
  }
  table.ipv4("options that reach behind the frame", Way::kKernel, [](Frame& frame) {
    frame.first_octet = 0x4f;
    frame.payload = {0x23};
  });
  table.ipv6("IPv6 that begins with 4", Way::kKernel,
             [](Frame& frame) { frame.first_octet = 0x40; });
  table.ipv6("hop-by-hop options", Way::kKernel, [](Frame& frame) {
    frame.first_extension = 0;
    frame.ipv6_extensions = options_header(17);
  });
  table.ipv6("IPv6 fragment", Way::kKernel, [](Frame& frame) {
    frame.first_extension = 44;
    frame.ipv6_extensions = {17, 0, 0, 1, 0, 0, 0, 7};
  });
}

void add_tags(Table& table) {
  const auto tagged = [](std::vector<Tag> tags) {
    return [tags](Frame& frame) { frame.tags = tags; };
  };
  table.both("VLAN 100", Way::kPollux, tagged({{kTypeVlan, 100}}));
  table.both("VLAN 200 with priority", Way::kPollux, tagged({{kTypeVlan, 0xe000 | 200}}));
  table.both("priority tag", Way::kPollux, tagged({{kTypeVlan, 0x6000}}));
  table.both("service VLAN 100", Way::kPollux, tagged({{kTypeServiceVlan, 100}}));
  table.both("VLANs 200 and 100", Way::kPollux,
             tagged({{kTypeServiceVlan, 200}, {kTypeVlan, 100}}));
  table.both("VLAN 101", Way::kKernel, tagged({{kTypeVlan, 101}}));
  table.both("VLAN 100 in octets changed round", Way::kKernel, tagged({{kTypeVlan, 0x400}}));
  table.both("VLANs 100 and 101", Way::kKernel, tagged({{kTypeVlan, 100}, {kTypeVlan, 101}}));
  table.both("three tags", Way::kKernel,
             tagged({{kTypeVlan, 100}, {kTypeVlan, 100}, {kTypeVlan, 100}}));
  for (const auto type : std::to_array<std::uint16_t>({0x88cc, 0x8809, 60})) {
    table.both("EtherType " + std::to_string(type), Way::kKernel,
               [type](Frame& frame) { frame.ether_type = type; });
  }
}

// Addresses that the kernel does not have.
void add_alone(Table& table) {
  table.both("request to us alone", Way::kPollux, to_alone);
  table.both("TCP to us alone", Way::kPollux, [](Frame& frame) {
    to_alone(frame);
    frame.protocol = 6;
  });
  table.both("mode 6 to us alone", Way::kPollux, [](Frame& frame) {
    to_alone(frame);
    frame.payload = ntp_message({.mode = 6});
  });
  table.both("VLAN 101 to us alone", Way::kKernel, [](Frame& frame) {
    to_alone(frame);
    frame.tags = {{kTypeVlan, 101}};
  });
  table.ipv4("fragment to us alone", Way::kPollux, [](Frame& frame) {
    to_alone(frame);
    frame.fragment = 0x2000;
  });
  table.ipv6("hop-by-hop options to us alone", Way::kPollux, [](Frame& frame) {
    to_alone(frame);
    frame.first_extension = 0;
    frame.ipv6_extensions = options_header(17);
  });
  table.add("ARP for us alone", Way::kPollux, arp_frame({.target = kAlone4}));
  table.add("ARP for us alone in VLAN 100", Way::kPollux,
            arp_frame({.tags = {{kTypeVlan, 100}}, .target = kAlone4}));
  table.add("ARP for us alone in VLAN 101", Way::kKernel,
            arp_frame({.tags = {{kTypeVlan, 101}}, .target = kAlone4}));
  table.add("ARP from us alone", Way::kKernel, arp_frame({.sender = kAlone4}));
  table.add("ARP for somebody else", Way::kKernel, arp_frame({.target = address("192.0.2.2")}));
  table.add("solicitation for us alone", Way::kPollux, solicitation(kClient6, kAlone6, {}).build());
  table.add("solicitation for somebody of our group", Way::kKernel,
            solicitation(kClient6, address("2001:db8:1::9"), {}).build());
  Octets advertisement = solicitation(kClient6, kAlone6, {}).build();
  advertisement[14 + 40] = 136;
  table.add("advertisement for us alone", Way::kKernel, advertisement);
}

// No frame is read behind its end, wherever that is, and what is cut off is the kernel's.
void add_cuts(Table& table) {
  const Octets ipv4 = ipv4_request().build();
  for (std::size_t length = 14; length <= 14 + 20 + 8; ++length)
    table.add("IPv4 request cut to " + std::to_string(length), Way::kKernel,
              slice(ipv4, 0, length));
  Frame request = ipv6_request();
  request.destination = kShared6;
  const Octets ipv6 = request.build();
  for (std::size_t length = 14; length <= 14 + 40 + 8; ++length)
    table.add("IPv6 request cut to " + std::to_string(length), Way::kKernel,
              slice(ipv6, 0, length));
  const Octets arp = arp_frame({.target = kAlone4});
  for (const std::size_t length : {14U, 30U, 41U})
    table.add("ARP cut to " + std::to_string(length), Way::kKernel, slice(arp, 0, length));
}

std::vector<Row> all_rows() {
  Table table;
  add_requests(table);
  add_others(table);
  add_headers(table);
  add_tags(table);
  add_alone(table);
  add_cuts(table);
  return table.rows();
}

class Redirect : public ::testing::Test {
 protected:
  void SetUp() override {
    auto live = LiveProgram::load();
    if (!live) GTEST_SKIP() << live.error();
    live_ = std::move(*live);
    const auto set = live_->maps().set(table_rules());
    ASSERT_TRUE(set) << set.error();
  }
  std::unique_ptr<LiveProgram> live_;
};

TEST_F(Redirect, EachRowGoesItsWay) {
  const auto opened = live_->open_queue();
  if (!opened) GTEST_SKIP() << opened.error();
  std::size_t to_pollux = 0;
  for (const Row& row : all_rows()) {
    EXPECT_EQ(live_->way_of(row.frame), row.way) << row;
    to_pollux += row.way == Way::kPollux;
  }
  EXPECT_GT(to_pollux, 30U);
}

TEST_F(Redirect, QueueWithoutSocketIsTheKernels) {
  for (const Row& row : all_rows()) EXPECT_EQ(live_->way_of(row.frame), Way::kKernel) << row;
}

TEST_F(Redirect, EmptyMapsAreTheKernels) {
  const auto opened = live_->open_queue();
  if (!opened) GTEST_SKIP() << opened.error();
  ASSERT_TRUE(live_->maps().set({}));
  for (const Row& row : all_rows()) EXPECT_EQ(live_->way_of(row.frame), Way::kKernel) << row;
}

// Random changes of good frames: never anything but the two ways.
TEST_F(Redirect, ChangedFramesStayWithinTheTwoWays) {
  const auto opened = live_->open_queue();
  if (!opened) GTEST_SKIP() << opened.error();
  Random random{15};
  const auto rows = all_rows();
  std::size_t ours = 0;
  for (int i = 0; i < 20'000; ++i) {
    Octets frame = rows[random.below(rows.size())].frame;
    for (std::size_t changes = random.below(4); changes > 0; --changes)
      frame[random.below(frame.size())] = static_cast<std::uint8_t>(random.next());
    frame.resize(14 + random.below(frame.size() - 13));
    ours += live_->way_of(frame) == Way::kPollux;
  }
  EXPECT_GT(ours, 100U);
}

}  // namespace
}  // namespace pollux::test
