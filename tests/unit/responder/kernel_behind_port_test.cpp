// A port with a kernel behind it: NTP is ours, everything else that is not refused is the kernel's.
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::Frame;

PolicySettings kernel_settings() {
  PolicySettings settings = server_settings();
  settings.kernel_behind_port = true;
  return settings;
}

void expect_kernel(const std::string& name, const Frame& frame) {
  expect_row({name, frame.build(), Verdict::to_kernel}, kernel_settings());
}

template <typename Change>
void expect_both(const std::string& name, Verdict verdict, Change change) {
  expect_rows(both_families(name, verdict, change), kernel_settings());
}

TEST(KernelBehindPort, NtpIsAnswered) {
  expect_both("request", Verdict::reply_plain, [](Frame&) {});
}

TEST(KernelBehindPort, HostPacketsAreTheKernels) {
  expect_row({"ARP", test::arp_frame(), Verdict::to_kernel}, kernel_settings());
  expect_row(
      {"ARP for another", test::arp_frame({.target = address("192.0.2.9")}), Verdict::to_kernel},
      kernel_settings());
  expect_row({"ARP reply", test::arp_frame({.destination_mac = test::kServerMac, .operation = 2}),
              Verdict::to_kernel},
             kernel_settings());
  expect_kernel("solicitation",
                test::solicitation(address("2001:db8::10"), address("2001:db8::1"), {}));
  expect_kernel("ping", echo_request(ipv4_request(), Octets(56)));
  expect_kernel("ping", echo_request(ipv6_request(), Octets(56)));
}

TEST(KernelBehindPort, WhatIsNotForUsIsTheKernels) {
  const auto kernel = Verdict::to_kernel;
  expect_both("another station", kernel,
              [](Frame& frame) { frame.destination_mac = test::kOtherMac; });
  expect_both("broadcast", kernel,
              [](Frame& frame) { frame.destination_mac = test::kBroadcastMac; });
  expect_both("VLAN", kernel, [](Frame& frame) { frame.tags = {{test::kTypeVlan, 9}}; });
  expect_both("port", kernel, [](Frame& frame) { frame.destination_port = 22; });
  expect_both("protocol", kernel, [](Frame& frame) { frame.protocol = 6; });
  expect_both("EtherType", kernel, [](Frame& frame) { frame.ether_type = 0x88cc; });
  auto frame = ipv4_request();
  frame.destination = address("192.0.2.2");
  expect_kernel("another address", frame);
  frame = ipv4_request();
  frame.fragment = 0x2000;
  expect_kernel("fragment", frame);
  frame = ipv6_request();
  frame.destination = address("2001:db8::2");
  expect_kernel("another address", frame);
  frame = ipv6_request();
  frame.first_extension = 44;
  frame.ipv6_extensions = test::from_hex("1100000112345678");
  expect_kernel("fragment", frame);
}

TEST(KernelBehindPort, WhatAHostLivesOnIsTheKernels) {
  expect_both("TCP", Verdict::to_kernel, [](Frame& frame) { frame.protocol = 6; });
  expect_both("TCP in a VLAN of ours", Verdict::to_kernel, [](Frame& frame) {
    frame.protocol = 6;
    frame.tags = {{test::kTypeVlan, 100}};
  });
  expect_both("three tags", Verdict::to_kernel, [](Frame& frame) {
    frame.tags = {{test::kTypeServiceVlan, 9}, {test::kTypeVlan, 9}, {test::kTypeVlan, 9}};
  });
  expect_both("key establishment over UDP", Verdict::to_kernel,
              [](Frame& frame) { frame.destination_port = 4460; });
  auto multicast = ipv4_request();
  multicast.destination_mac = {0x01, 0x00, 0x5e, 0, 0, 1};
  multicast.destination = address("224.0.0.1");
  multicast.protocol = 2;
  expect_kernel("IGMP", multicast);
  auto dhcp = ipv4_request();
  dhcp.destination_mac = test::kBroadcastMac;
  dhcp.source = address("0.0.0.0");
  dhcp.destination = address("255.255.255.255");
  dhcp.destination_port = 67;
  expect_kernel("DHCP", dhcp);
  auto unreachable = echo_request(ipv4_request(), Octets(56));
  unreachable.upper->front() = 3;
  expect_kernel("ICMP error", unreachable);
  auto advertisement = echo_request(ipv6_request(), Octets(56));
  advertisement.destination_mac = {0x33, 0x33, 0, 0, 0, 1};
  advertisement.destination = address("ff02::1");
  advertisement.upper->front() = 134;
  expect_kernel("router advertisement", advertisement);
  auto report = ipv6_request();
  report.destination_mac = {0x33, 0x33, 0, 0, 0, 0x16};
  report.destination = address("ff02::16");
  report.first_extension = 0;
  report.ipv6_extensions = test::from_hex("3a00050200000000");
  expect_kernel("MLD report behind a router alert", report);
  auto spanning_tree = ipv4_request();
  spanning_tree.destination_mac = {0x01, 0x80, 0xc2, 0, 0, 0};
  spanning_tree.ether_type = 0x0026;
  expect_kernel("a length in place of the EtherType", spanning_tree);
}

TEST(KernelBehindPort, DamageAndBadNtpAreDropped) {
  expect_both("checksum", Verdict::drop_udp_checksum,
              [](Frame& frame) { frame.udp_checksum = test::UdpChecksum::kWrong; });
  expect_both("source port 0", Verdict::drop_source_port,
              [](Frame& frame) { frame.source_port = 0; });
  expect_both("mode 6", Verdict::drop_mode,
              [](Frame& frame) { frame.payload = test::ntp_message({.mode = 6}); });
  expect_both("short", Verdict::drop_short, [](Frame& frame) { frame.payload.resize(40); });
  expect_both("version 5", Verdict::drop_version5,
              [](Frame& frame) { frame.payload = test::ntp_message({.version = 5}); });
  expect_both("octets behind the header that are no fields", Verdict::drop_mac_unsupported,
              [](Frame& frame) { test::put(frame.payload, Octets(20, 0x0e)); });
}

}  // namespace
}  // namespace pollux::responder
