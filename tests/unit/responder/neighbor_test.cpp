// Neighbour solicitations for an address of ours (RFC 4861 §7.1.1, §7.2.3, §7.2.4; RFC 4862
// §5.4.3).
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::Frame;
using test::link_address_option;

// An advertisement without the option of the solicitation is longer than that.
constexpr RunOptions kRoom{.spare_room = 64};

Frame usual() {
  return test::solicitation(address("2001:db8::10"), address("2001:db8::1"),
                            link_address_option(1, test::kClientMac));
}
Frame tentative() { return test::solicitation(address("::"), address("2001:db8::1"), {}); }

// The ICMPv6 message after a change, with the checksum right again.
template <typename Change>
Frame changed(Frame frame, Change change) {
  change(frame);
  frame.upper = test::icmpv6_with_checksum(*frame.upper, frame.source, frame.destination);
  return frame;
}

void expect_frame(const std::string& name, Verdict verdict, const Frame& frame,
                  const RunOptions& options = kRoom) {
  expect_row({name, frame.build(), verdict}, server_settings(), options);
}

TEST(Neighbor, QuestionsThatAreAnswered) {
  expect_frame("to the solicited-node group", Verdict::reply_neighbor, usual());
  expect_frame("without a source address option", Verdict::reply_neighbor,
               test::solicitation(address("2001:db8::10"), address("2001:db8::1"), {}));
  expect_frame("from a link-local address", Verdict::reply_neighbor,
               test::solicitation(address("fe80::10"), address("2001:db8::1"), {}));
  expect_frame("duplicate address detection", Verdict::reply_neighbor, tentative());
  expect_frame("unicast, as for reachability", Verdict::reply_neighbor,
               changed(usual(), [](Frame& frame) {
                 frame.destination = address("2001:db8::1");
                 frame.destination_mac = test::kServerMac;
               }));
  auto tagged = usual();
  tagged.tags = {{test::kTypeVlan, 0x6000}};
  expect_frame("priority tag", Verdict::reply_neighbor, tagged);
  auto padded = usual();
  padded.trailer = Octets(20, 0xee);
  expect_frame("trailer", Verdict::reply_neighbor, padded);
}

TEST(Neighbor, UnknownOptionsArePassedOver) {
  Octets options = test::from_hex("0e01aabbccddeeff");  // nonce (RFC 3971)
  test::put(options, link_address_option(1, test::kClientMac));
  expect_frame("nonce first", Verdict::reply_neighbor,
               test::solicitation(address("2001:db8::10"), address("2001:db8::1"), options));
  expect_frame("nonce with duplicate address detection (RFC 7527)", Verdict::reply_neighbor,
               test::solicitation(address("::"), address("2001:db8::1"),
                                  test::from_hex("0e01aabbccddeeff")));
}

TEST(Neighbor, ReplyTakesItsOwnMacAndNotThatOfTheOption) {
  const auto frame = test::solicitation(address("2001:db8::10"), address("2001:db8::1"),
                                        link_address_option(1, test::kOtherMac));
  expect_frame("option names another", Verdict::reply_neighbor, frame);
}

TEST(Neighbor, WhatRfc4861Section711Forbids) {
  const auto drop = Verdict::drop_host_packet;
  for (const unsigned hop_limit : {0U, 1U, 64U, 254U}) {
    auto frame = usual();
    frame.time_to_live = static_cast<std::uint8_t>(hop_limit);
    expect_frame("hop limit", drop, frame);
  }
  expect_frame("code", drop, changed(usual(), [](Frame& frame) { (*frame.upper)[1] = 1; }));
  auto wrong = usual();
  (*wrong.upper)[2] ^= 1U;
  expect_frame("checksum", drop, wrong);
  expect_frame("option of length 0", drop,
               test::solicitation(address("2001:db8::10"), address("2001:db8::1"),
                                  test::from_hex("0100aabbccddeeff")));
  expect_frame("option beyond the packet", drop,
               test::solicitation(address("2001:db8::10"), address("2001:db8::1"),
                                  test::from_hex("0102aabbccddeeff")));
  expect_frame("half an option", drop,
               test::solicitation(address("2001:db8::10"), address("2001:db8::1"),
                                  test::from_hex("0101aabb")));
  expect_frame("from nobody with a source address option", drop,
               test::solicitation(address("::"), address("2001:db8::1"),
                                  link_address_option(1, test::kClientMac)));
  expect_frame("from nobody to a unicast address", drop, changed(tentative(), [](Frame& frame) {
                 frame.destination = address("2001:db8::1");
                 frame.destination_mac = test::kServerMac;
               }));
}

TEST(Neighbor, FramesThatAreNoQuestionToUs) {
  const auto drop = Verdict::drop_host_packet;
  const Octets option = link_address_option(1, test::kClientMac);
  expect_frame("another target with our group", drop,
               test::solicitation(address("2001:db8::10"), address("2001:db8:1::1"), option));
  expect_frame("another target", drop,
               test::solicitation(address("2001:db8::10"), address("2001:db8::2"), option));
  expect_frame("from our own address", drop,
               test::solicitation(address("2001:db8::1"), address("2001:db8::1"), option));
  expect_frame("from a multicast address", drop,
               test::solicitation(address("ff02::5"), address("2001:db8::1"), option));
  expect_frame("from the loopback address", drop,
               test::solicitation(address("::1"), address("2001:db8::1"), option));
  expect_frame("from a v4-mapped address", drop,
               test::solicitation(address("::ffff:192.0.2.10"), address("2001:db8::1"), option));
  expect_frame("to all nodes", drop,
               changed(usual(), [](Frame& frame) { frame.destination = address("ff02::1"); }));
  for (const unsigned type : {133U, 134U, 136U, 137U, 1U, 129U, 143U}) {
    expect_frame("type " + std::to_string(type), drop, changed(usual(), [type](Frame& frame) {
                   (*frame.upper)[0] = static_cast<std::uint8_t>(type);
                 }));
  }
}

// A switch that floods, or a port in promiscuous mode, shows frames that are for somebody else.
TEST(Neighbor, FramesToOtherStations) {
  for (const test::Mac& mac :
       {test::kOtherMac, test::kBroadcastMac, test::Mac{0x01, 0x00, 0x5e, 0, 0, 1}}) {
    auto frame = usual();
    frame.destination_mac = mac;
    expect_frame("another station", Verdict::drop_station, frame);
  }
}

// Growth of 8 octets needs room behind the frame.
TEST(Neighbor, NoRoomNoAnswer) {
  const auto frame = test::solicitation(address("2001:db8::10"), address("2001:db8::1"), {});
  for (std::size_t room = 0; room < 8; ++room) {
    expect_frame("room " + std::to_string(room), Verdict::drop_host_packet, frame,
                 RunOptions{.spare_room = room});
  }
  expect_frame("room 8", Verdict::reply_neighbor, frame, RunOptions{.spare_room = 8});
  expect_frame("option makes room", Verdict::reply_neighbor, usual(), RunOptions{.spare_room = 0});
}

TEST(Neighbor, BehindExtensionHeaders) {
  auto frame = usual();
  frame.first_extension = 60;
  frame.ipv6_extensions = test::options_header(58);
  frame.destination_mac = test::kServerMac;
  expect_frame("destination options", Verdict::reply_neighbor, frame, RunOptions{.spare_room = 0});
}

TEST(Neighbor, TruncatedAtEveryLength) {
  for (std::size_t length = 0; length < 24; ++length) {
    expect_frame("ICMPv6 of " + std::to_string(length), Verdict::drop_host_packet,
                 changed(usual(), [length](Frame& frame) {
                   frame.upper->resize(std::max<std::size_t>(length, 4));
                 }));
  }
  const Octets whole = usual().build();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto result = run_frame(server_settings(), test::slice(whole, 0, length), kRoom);
    EXPECT_FALSE(is_reply(result.verdict)) << length;
    EXPECT_EQ(result.faults, "") << length;
  }
}

}  // namespace
}  // namespace pollux::responder
