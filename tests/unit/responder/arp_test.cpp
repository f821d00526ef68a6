// ARP requests for an address of ours (RFC 826, RFC 5227).
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::ArpFields;

template <typename Change>
void expect_arp(const std::string& name, Verdict verdict, Change change,
                const PolicySettings& settings = server_settings()) {
  ArpFields fields;
  change(fields);
  expect_row({name, arp_frame(fields), verdict}, settings);
}

TEST(Arp, QuestionsThatAreAnswered) {
  expect_arp("broadcast", Verdict::reply_arp, [](ArpFields&) {});
  expect_arp("unicast", Verdict::reply_arp,
             [](ArpFields& arp) { arp.destination_mac = test::kServerMac; });
  expect_arp("probe from nobody (RFC 5227)", Verdict::reply_arp,
             [](ArpFields& arp) { arp.sender = address("0.0.0.0"); });
  expect_arp("without padding", Verdict::reply_arp, [](ArpFields& arp) { arp.trailer.clear(); });
  expect_arp("target MAC filled in", Verdict::reply_arp,
             [](ArpFields& arp) { arp.target_mac = test::kBroadcastMac; });
  expect_arp("priority tag", Verdict::reply_arp,
             [](ArpFields& arp) { arp.tags = {{test::kTypeVlan, 0xe000}}; });
}

TEST(Arp, FramesThatAreNoQuestionToUs) {
  const auto drop = Verdict::drop_host_packet;
  expect_arp("another address", drop, [](ArpFields& arp) { arp.target = address("192.0.2.2"); });
  expect_arp("reply", drop, [](ArpFields& arp) { arp.operation = 2; });
  expect_arp("gratuitous from our address", drop,
             [](ArpFields& arp) { arp.sender = address("192.0.2.1"); });
  expect_arp("hardware not Ethernet", drop, [](ArpFields& arp) { arp.hardware = 6; });
  expect_arp("protocol not IPv4", drop, [](ArpFields& arp) { arp.protocol = test::kTypeIpv6; });
  expect_arp("hardware length", drop, [](ArpFields& arp) { arp.hardware_length = 8; });
  expect_arp("protocol length", drop, [](ArpFields& arp) { arp.protocol_length = 16; });
  expect_arp("to another station", Verdict::drop_station,
             [](ArpFields& arp) { arp.destination_mac = test::kOtherMac; });
  expect_arp("multicast", Verdict::drop_station,
             [](ArpFields& arp) { arp.destination_mac = {1, 0, 0x5e, 0, 0, 1}; });
  expect_arp("from a group", Verdict::drop_station, [](ArpFields& arp) { arp.source_mac[0] = 3; });
  expect_arp("foreign VLAN", Verdict::drop_vlan,
             [](ArpFields& arp) { arp.tags = {{test::kTypeVlan, 5}}; });
}

TEST(Arp, TruncatedAtEveryLength) {
  const Octets whole = test::arp_frame({.trailer = {}});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    expect_row({"truncated", test::slice(whole, 0, length), Verdict::drop_truncated});
  }
}

TEST(Arp, EveryAddressOfOurs) {
  PolicySettings settings = server_settings();
  settings.ipv4.clear();
  for (int i = 1; i <= 64; ++i)
    settings.ipv4.push_back(test::ipv4_interface("198.51.100." + std::to_string(i), 24));
  for (int i = 1; i <= 64; ++i) {
    expect_arp(
        "own address", Verdict::reply_arp,
        [i](ArpFields& arp) { arp.target = address("198.51.100." + std::to_string(i)); }, settings);
  }
  expect_arp(
      "another", Verdict::drop_host_packet,
      [](ArpFields& arp) { arp.target = address("198.51.100.65"); }, settings);
}

}  // namespace
}  // namespace pollux::responder
