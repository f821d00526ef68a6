// What a port's policy changes: addresses, prefixes, NTP port, DSCP.
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::Frame;
using test::ipv4_interface;
using test::ipv6_interface;

void expect_ipv4(const PolicySettings& settings, const std::string& source,
                 const std::string& destination, Verdict verdict) {
  auto frame = ipv4_request();
  frame.source = address(source);
  frame.destination = address(destination);
  expect_row({source + " to " + destination, frame.build(), verdict}, settings);
}

void expect_ipv6(const PolicySettings& settings, const std::string& source,
                 const std::string& destination, Verdict verdict) {
  auto frame = ipv6_request();
  frame.source = address(source);
  frame.destination = address(destination);
  expect_row({source + " to " + destination, frame.build(), verdict}, settings);
}

TEST(Policy, SeveralAddressesOfEachFamily) {
  PolicySettings settings = server_settings();
  settings.ipv4 = {ipv4_interface("192.0.2.1", 24), ipv4_interface("198.51.100.7", 28),
                   ipv4_interface("203.0.113.9", 32)};
  settings.ipv6 = {ipv6_interface("2001:db8::1", 64), ipv6_interface("fe80::1", 64),
                   ipv6_interface("2001:db8:1::1", 128)};
  for (const char* own : {"192.0.2.1", "198.51.100.7", "203.0.113.9"}) {
    expect_ipv4(settings, "10.0.0.1", own, Verdict::reply_plain);
    for (const char* other :
         {"192.0.2.1", "198.51.100.7", "203.0.113.9", "192.0.2.255", "198.51.100.15"}) {
      expect_ipv4(settings, other, own, Verdict::drop_source);
    }
    expect_ipv4(settings, "198.51.100.255", own, Verdict::reply_plain);
  }
  expect_ipv4(settings, "10.0.0.1", "198.51.100.8", Verdict::drop_destination);
  for (const char* own : {"2001:db8::1", "fe80::1", "2001:db8:1::1"}) {
    expect_ipv6(settings, "2001:db8::99", own, Verdict::reply_plain);
    expect_ipv6(settings, "2001:db8:1::1", own, Verdict::drop_source);
    expect_ipv6(settings, "fe80::1", own, Verdict::drop_source);
  }
  expect_ipv6(settings, "2001:db8::99", "2001:db8::2", Verdict::drop_destination);
}

TEST(Policy, UpTo64AddressesOfEachFamily) {
  PolicySettings settings = server_settings();
  settings.ipv4.clear();
  settings.ipv6.clear();
  for (int i = 1; i <= 64; ++i) {
    settings.ipv4.push_back(ipv4_interface("10.1.2." + std::to_string(i), 32));
    settings.ipv6.push_back(ipv6_interface("2001:db8::1:" + std::to_string(i), 64));
  }
  for (int i = 1; i <= 64; ++i) {
    const std::string number = std::to_string(i);
    expect_ipv4(settings, "10.1.2.100", "10.1.2." + number, Verdict::reply_plain);
    expect_ipv4(settings, "10.1.2." + number, "10.1.2.1", Verdict::drop_source);
    expect_ipv6(settings, "2001:db8::9", "2001:db8::1:" + number, Verdict::reply_plain);
    expect_ipv6(settings, "2001:db8::1:" + number, "2001:db8::1:1", Verdict::drop_source);
  }
}

// RFC 3021: a prefix of 31 or 32 bits has no broadcast address.
TEST(Policy, BroadcastAddressesFollowThePrefix) {
  struct Case {
    std::uint8_t prefix_length;
    const char* broadcast;
    const char* neighbour;
  };
  for (const Case& row :
       {Case{8, "10.255.255.255", "10.1.2.255"}, Case{16, "10.1.255.255", "10.1.2.255"},
        Case{24, "10.1.2.255", "10.1.2.254"}, Case{30, "10.1.2.7", "10.1.2.6"}}) {
    PolicySettings settings = server_settings();
    settings.ipv4 = {ipv4_interface("10.1.2.5", row.prefix_length)};
    expect_ipv4(settings, row.broadcast, "10.1.2.5", Verdict::drop_source);
    expect_ipv4(settings, row.neighbour, "10.1.2.5", Verdict::reply_plain);
  }
  for (const unsigned prefix_length : {31U, 32U}) {
    PolicySettings settings = server_settings();
    settings.ipv4 = {ipv4_interface("10.1.2.4", static_cast<std::uint8_t>(prefix_length))};
    expect_ipv4(settings, "10.1.2.5", "10.1.2.4", Verdict::reply_plain);
    expect_ipv4(settings, "10.1.2.255", "10.1.2.4", Verdict::reply_plain);
  }
}

TEST(Policy, OneFamilyOnly) {
  PolicySettings settings = server_settings();
  settings.ipv6.clear();
  expect_ipv6(settings, "2001:db8::10", "2001:db8::1", Verdict::drop_destination);
  expect_ipv6(settings, "2001:db8::10", "::", Verdict::drop_destination);
  expect_ipv4(settings, "192.0.2.10", "192.0.2.1", Verdict::reply_plain);
  settings = server_settings();
  settings.ipv4.clear();
  expect_ipv4(settings, "192.0.2.10", "192.0.2.1", Verdict::drop_destination);
  expect_ipv4(settings, "192.0.2.10", "0.0.0.0", Verdict::drop_destination);
  expect_ipv6(settings, "2001:db8::10", "2001:db8::1", Verdict::reply_plain);
}

TEST(Policy, AnotherNtpPort) {
  PolicySettings settings = server_settings();
  settings.ntp_port = 12'345;
  expect_rows(both_families("port 12345", Verdict::reply_plain,
                            [](Frame& frame) { frame.destination_port = 12'345; }),
              settings);
  expect_rows(both_families("port 123", Verdict::drop_port, [](Frame&) {}), settings);
}

TEST(Policy, DscpOfEveryKindOfReply) {
  for (unsigned dscp = 0; dscp < 64; ++dscp) {
    PolicySettings settings = server_settings();
    settings.dscp = static_cast<std::uint8_t>(dscp);
    for (auto frame : {ipv4_request(), ipv6_request()}) {
      frame.type_of_service = 0xff;
      expect_row({"NTP", frame.build(), Verdict::reply_plain}, settings);
      expect_row({"ping", echo_request(frame, Octets(5)).build(), Verdict::reply_echo}, settings);
    }
    const auto question = test::solicitation(address("2001:db8::10"), address("2001:db8::1"), {});
    expect_row({"neighbour", question.build(), Verdict::reply_neighbor}, settings,
               RunOptions{.spare_room = 8});
  }
}

TEST(Policy, AnotherMac) {
  PolicySettings settings = server_settings();
  settings.mac.octets = {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54};
  expect_rows(both_families("own", Verdict::reply_plain,
                            [&](Frame& frame) { frame.destination_mac = settings.mac.octets; }),
              settings);
  expect_rows(both_families("another", Verdict::drop_station, [](Frame&) {}), settings);
}

TEST(Policy, ManyDeniedPorts) {
  PolicySettings settings = server_settings();
  for (unsigned i = 0; i < 64; ++i)
    settings.denied_source_ports.push_back(static_cast<std::uint16_t>(1'023 * (i + 1)));
  for (unsigned i = 0; i < 64; ++i) {
    for (const unsigned distance : {0U, 1U}) {
      const auto port = static_cast<std::uint16_t>(1'023 * (i + 1) + distance);
      const auto verdict = distance == 0 ? Verdict::drop_source_port : Verdict::reply_plain;
      expect_rows(both_families(std::to_string(port), verdict,
                                [port](Frame& frame) { frame.source_port = port; }),
                  settings);
    }
  }
}

}  // namespace
}  // namespace pollux::responder
