// Checksums that the port checked, left unfinished or will complete.
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::Frame;
using test::UdpChecksum;

TEST(ReceiveOffload, ChecksumsThatThePortCheckedAreNotCheckedAgain) {
  auto frame = ipv4_request();
  frame.wrong_ip_checksum = true;
  expect_row({"IPv4", frame.build(), Verdict::reply_plain}, server_settings(),
             RunOptions{.good_checksums = kIpChecksum});
  expect_row({"IPv4, UDP only", frame.build(), Verdict::drop_ip_checksum}, server_settings(),
             RunOptions{.good_checksums = kUdpChecksum});
  for (auto request : {ipv4_request(), ipv6_request()}) {
    request.udp_checksum = UdpChecksum::kWrong;
    expect_row({"UDP", request.build(), Verdict::reply_plain}, server_settings(),
               RunOptions{.good_checksums = kUdpChecksum});
    expect_row({"UDP, IPv4 only", request.build(), Verdict::drop_udp_checksum}, server_settings(),
               RunOptions{.good_checksums = kIpChecksum});
  }
}

// RFC 8200 §8.1 holds whatever the port says of a checksum that is not there.
TEST(ReceiveOffload, Ipv6WithoutUdpChecksumIsNeverAnswered) {
  auto frame = ipv6_request();
  frame.udp_checksum = UdpChecksum::kZero;
  expect_row({"zero", frame.build(), Verdict::drop_udp_checksum}, server_settings(),
             RunOptions{.good_checksums = kUdpChecksum});
}

TEST(ReceiveOffload, PingsAreCheckedAnyway) {
  auto frame = echo_request(ipv4_request(), Octets(8));
  (*frame.upper)[2] ^= 1U;
  expect_row({"ping", frame.build(), Verdict::drop_host_packet}, server_settings(),
             RunOptions{.good_checksums = kIpChecksum | kUdpChecksum});
}

TEST(PartialChecksum, OfThisHostIsAnsweredWhereThePortSaysSo) {
  PolicySettings settings = server_settings();
  settings.partial_checksums = true;
  for (auto frame : {ipv4_request(), ipv6_request()}) {
    for (const bool tagged : {false, true}) {
      if (tagged) frame.tags = {{test::kTypeVlan, 0}};
      frame.udp_checksum = UdpChecksum::kPseudoHeaderOnly;
      expect_row({"pseudo header only", frame.build(), Verdict::reply_plain}, settings);
      expect_row({"not where the port does not", frame.build(), Verdict::drop_udp_checksum});
      frame.udp_checksum = UdpChecksum::kWrong;
      expect_row({"wrong", frame.build(), Verdict::drop_udp_checksum}, settings);
      frame.udp_checksum = UdpChecksum::kRight;
      expect_row({"right", frame.build(), Verdict::reply_plain}, settings);
    }
  }
}

TEST(TransmitOffload, ChecksumsAreLeftToThePort) {
  PolicySettings settings = server_settings();
  settings.transmit_checksums = true;
  for (auto frame : {ipv4_request(), ipv6_request()}) {
    expect_row({"plain", frame.build(), Verdict::reply_plain}, settings);
    test::put(frame.payload, test::extension_field(0x0104, 68));
    expect_row({"with a field echoed", frame.build(), Verdict::reply_plain}, settings);
    test::put(frame.payload, test::extension_field(0x0f0f, 40));
    frame.tags = {{test::kTypeVlan, 0}};
    expect_row({"shortened and tagged", frame.build(), Verdict::reply_plain}, settings);
  }
}

// DPDK completes IPv4 headers and UDP only.
TEST(TransmitOffload, IcmpComesOutComplete) {
  PolicySettings settings = server_settings();
  settings.transmit_checksums = true;
  for (const auto& frame : {ipv4_request(), ipv6_request()}) {
    expect_row({"ping", echo_request(frame, Octets(56, 7)).build(), Verdict::reply_echo}, settings);
  }
  const auto frame =
      test::solicitation(test::address("2001:db8::10"), test::address("2001:db8::1"), {});
  expect_row({"neighbour", frame.build(), Verdict::reply_neighbor}, settings,
             RunOptions{.spare_room = 8});
}

// RFC 768: a checksum that comes out as zero is sent as all ones; over 65536 requests it must come
// up.
TEST(Checksum, IsNeverZeroInAReply) {
  test::FrameRunner runner;
  auto snapshot = test::known_snapshot();
  auto fields = clock::unpack(snapshot.header);
  fields.precision = -32;  // no random bits
  snapshot.header = clock::pack(fields);
  runner.publish(snapshot);
  const PortPolicy policy{server_settings()};
  std::size_t ones = 0;
  for (const auto& family : {ipv4_request(), ipv6_request()}) {
    for (unsigned port = 1; port <= 0xffff; ++port) {
      auto frame = family;
      frame.source_port = static_cast<std::uint16_t>(port);
      const auto result = runner.run(policy, frame.build());
      const auto checksum = test::get(result.frame, family.is_ipv6() ? 60 : 40, 2);
      ASSERT_NE(checksum, 0U) << port;
      ones += checksum == 0xffff ? 1 : 0;
    }
  }
  EXPECT_EQ(ones, 2U);
}

}  // namespace
}  // namespace pollux::responder
