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

TEST(KernelBehindPort, DamageAndBadNtpAreDropped) {
  expect_both("checksum", Verdict::drop_udp_checksum,
              [](Frame& frame) { frame.udp_checksum = test::UdpChecksum::kWrong; });
  expect_both("source port 0", Verdict::drop_source_port,
              [](Frame& frame) { frame.source_port = 0; });
  expect_both("mode 6", Verdict::drop_mode,
              [](Frame& frame) { frame.payload = test::ntp_message({.mode = 6}); });
  expect_both("short", Verdict::drop_short, [](Frame& frame) { frame.payload.resize(40); });
}

}  // namespace
}  // namespace pollux::responder
