// Pings (RFC 792, RFC 4443, RFC 1122 §3.2.2.6).
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::echo_request;
using test::Frame;

void expect_frame(const std::string& name, Verdict verdict, const Frame& frame) {
  expect_row({name, frame.build(), verdict});
}

Octets data(std::size_t length) {
  test::Random random{length};
  return random.octets(length);
}

TEST(Echo, EverySize) {
  for (std::size_t length = 0; length <= 1'472; length += length < 80 ? 1 : 29) {
    expect_frame("IPv4 " + std::to_string(length), Verdict::reply_echo,
                 echo_request(ipv4_request(), data(length)));
    expect_frame("IPv6 " + std::to_string(length), Verdict::reply_echo,
                 echo_request(ipv6_request(), data(length)));
  }
}

// One's complement has two zeros: no data may end with the wrong one.
TEST(Echo, EveryChecksumComesOutRight) {
  for (unsigned word = 0; word <= 0xffff; word += 7) {
    const Octets two{static_cast<std::uint8_t>(word >> 8U), static_cast<std::uint8_t>(word)};
    expect_frame("IPv4", Verdict::reply_echo, echo_request(ipv4_request(), two));
    expect_frame("IPv6", Verdict::reply_echo, echo_request(ipv6_request(), two));
  }
}

// Nothing but zeros in the reply: only a checksum of all ones is right for them (RFC 1624 §3).
TEST(Echo, AllZeros) {
  for (const auto& family : {ipv4_request(), ipv6_request()}) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{56}}) {
      auto frame = echo_request(family, Octets(length));
      for (std::size_t i = 4; i < 8; ++i) (*frame.upper)[i] = 0;
      if (frame.is_ipv6()) {
        frame.upper = test::icmpv6_with_checksum(*frame.upper, frame.source, frame.destination);
      } else {
        test::set16(*frame.upper, 2, 0xf7ff);
      }
      expect_frame("zeros", Verdict::reply_echo, frame);
    }
  }
}

TEST(Echo, OptionsAndExtensionHeadersFallAway) {
  auto ipv4 = ipv4_request();
  ipv4.ipv4_options = test::from_hex("94040000 01010100");
  expect_frame("router alert", Verdict::reply_echo, echo_request(ipv4, data(56)));
  auto ipv6 = ipv6_request();
  ipv6.ipv6_extensions = test::options_header(58);
  ipv6.first_extension = 60;
  expect_frame("destination options", Verdict::reply_echo, echo_request(ipv6, data(56)));
  ipv6.first_extension = 0;
  expect_frame("hop-by-hop options", Verdict::reply_echo, echo_request(ipv6, data(56)));
}

TEST(Echo, TagsTrailersAndTypeOfService) {
  for (auto frame : {ipv4_request(), ipv6_request()}) {
    frame.tags = {{test::kTypeVlan, 0xe000}};
    frame.trailer = Octets(9, 0xdd);
    frame.type_of_service = 0xff;
    frame.time_to_live = 1;
    expect_frame("all at once", Verdict::reply_echo, echo_request(frame, data(56)));
  }
}

TEST(Echo, WhatIsNoPing) {
  for (const auto& family : {ipv4_request(), ipv6_request()}) {
    for (const unsigned type : {0U, 3U, 5U, 11U, 13U, 17U, 128U, 129U, 255U}) {
      auto frame = echo_request(family, data(56));
      if (frame.is_ipv6() ? type == 128 : type == 8) continue;
      (*frame.upper)[0] = static_cast<std::uint8_t>(type);
      expect_frame("type " + std::to_string(type), Verdict::drop_host_packet, frame);
    }
    auto code = echo_request(family, data(56));
    (*code.upper)[1] = 1;
    expect_frame("code", Verdict::drop_host_packet, code);
    auto checksum = echo_request(family, data(56));
    (*checksum.upper)[3] ^= 0x10U;
    expect_frame("wrong checksum", Verdict::drop_host_packet, checksum);
    for (std::size_t length = 0; length < 8; ++length) {
      auto truncated = echo_request(family, {});
      truncated.upper->resize(length);
      expect_frame("truncated", Verdict::drop_host_packet, truncated);
    }
  }
}

TEST(Echo, RightChecksumOfAnotherTypeIsNotEnough) {
  auto frame = echo_request(ipv6_request(), data(56));
  (*frame.upper)[0] = 129;
  frame.upper = test::icmpv6_with_checksum(*frame.upper, frame.source, frame.destination);
  expect_frame("echo reply", Verdict::drop_host_packet, frame);
}

TEST(Echo, GroupsAndForeignAddresses) {
  auto ipv4 = ipv4_request();
  ipv4.destination = address("192.0.2.255");
  expect_frame("to the subnet broadcast address", Verdict::drop_destination,
               echo_request(ipv4, data(8)));
  ipv4 = ipv4_request();
  ipv4.destination_mac = test::kBroadcastMac;
  expect_frame("in a broadcast frame", Verdict::drop_station, echo_request(ipv4, data(8)));
  ipv4 = ipv4_request();
  ipv4.source = address("192.0.2.255");
  expect_frame("from the broadcast address", Verdict::drop_source, echo_request(ipv4, data(8)));
  auto ipv6 = ipv6_request();
  ipv6.destination_mac = test::multicast_mac(address("ff02::1"));
  ipv6.destination = address("ff02::1");
  expect_frame("to all nodes", Verdict::drop_host_packet, echo_request(ipv6, data(8)));
  ipv6 = ipv6_request();
  ipv6.destination_mac = test::multicast_mac(address("ff02::1"));
  expect_frame("unicast in a multicast frame", Verdict::drop_host_packet,
               echo_request(ipv6, data(8)));
  ipv6 = ipv6_request();
  ipv6.destination = address("2001:db8::2");
  expect_frame("to another address", Verdict::drop_host_packet, echo_request(ipv6, data(8)));
  for (const char* source : {"::", "::1", "ff02::1", "2001:db8::1", "::ffff:192.0.2.10"}) {
    ipv6 = ipv6_request();
    ipv6.source = address(source);
    expect_frame(source, Verdict::drop_host_packet, echo_request(ipv6, data(8)));
  }
}

TEST(Echo, Fragments) {
  auto frame = ipv4_request();
  frame.fragment = 0x2000;
  expect_frame("first fragment", Verdict::drop_fragment, echo_request(frame, data(56)));
}

}  // namespace
}  // namespace pollux::responder
