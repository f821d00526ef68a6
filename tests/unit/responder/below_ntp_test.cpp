// Table "Below NTP": link, IPv4 and what both families share (RFC 1122, RFC 791, RFC 768, IEEE
// 802.1Q).
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::Frame;
using test::UdpChecksum;

template <typename Change>
void expect_both(const std::string& name, Verdict verdict, Change change,
                 const PolicySettings& settings = server_settings()) {
  expect_rows(both_families(name, verdict, change), settings);
}

template <typename Change>
void expect_ipv4(const std::string& name, Verdict verdict, Change change,
                 const PolicySettings& settings = server_settings()) {
  auto frame = ipv4_request();
  change(frame);
  expect_row({name, frame.build(), verdict}, settings);
}

TEST(BelowNtp, EverySourcePortButZero) {
  for (unsigned port = 0; port <= 0xffff; port += port < 1'100 || port > 65'500 ? 1 : 97) {
    expect_both("source port " + std::to_string(port),
                port == 0 ? Verdict::drop_source_port : Verdict::reply_plain,
                [port](Frame& frame) { frame.source_port = static_cast<std::uint16_t>(port); });
  }
}

TEST(BelowNtp, DeniedSourcePorts) {
  PolicySettings settings = server_settings();
  settings.denied_source_ports = {7, 17, 19, 53, 111, 389, 1'900, 11'211};
  for (unsigned port = 0; port <= 12'000; ++port) {
    const bool denied = port == 0 || std::ranges::count(settings.denied_source_ports, port) != 0;
    expect_both(
        "source port " + std::to_string(port),
        denied ? Verdict::drop_source_port : Verdict::reply_plain,
        [port](Frame& frame) { frame.source_port = static_cast<std::uint16_t>(port); }, settings);
  }
}

TEST(BelowNtp, GroupDestinations) {
  for (const char* group : {"192.0.2.255", "255.255.255.255", "224.0.1.1"}) {
    expect_ipv4(group, Verdict::drop_destination,
                [group](Frame& frame) { frame.destination = address(group); });
    expect_ipv4(group, Verdict::drop_station, [group](Frame& frame) {
      frame.destination = address(group);
      frame.destination_mac = test::kBroadcastMac;
    });
  }
  auto frame = ipv6_request();
  frame.destination = address("ff02::101");
  expect_row({"ff02::101", frame.build(), Verdict::drop_destination});
  frame.destination_mac = test::multicast_mac(frame.destination);
  expect_row({"ff02::101 in its own frame", frame.build(), Verdict::drop_station});
}

// RFC 1122 §3.3.6.
TEST(BelowNtp, UnicastAddressInAGroupFrame) {
  for (const test::Mac& mac : {test::kBroadcastMac, test::Mac{0x01, 0x00, 0x5e, 0, 1, 1},
                               test::Mac{0x33, 0x33, 0, 0, 0, 1}}) {
    expect_both("group frame", Verdict::drop_station,
                [&mac](Frame& frame) { frame.destination_mac = mac; });
  }
}

TEST(BelowNtp, AnotherStationOrAddress) {
  expect_both("another MAC", Verdict::drop_station,
              [](Frame& frame) { frame.destination_mac = test::kOtherMac; });
  expect_ipv4("another address", Verdict::drop_destination,
              [](Frame& frame) { frame.destination = address("192.0.2.2"); });
  auto frame = ipv6_request();
  frame.destination = address("2001:db8::2");
  expect_row({"another address", frame.build(), Verdict::drop_destination});
}

TEST(BelowNtp, EveryBitOfTheDestinationMacCounts) {
  for (std::size_t bit = 0; bit < 48; ++bit) {
    expect_both("MAC bit " + std::to_string(bit), Verdict::drop_station, [bit](Frame& frame) {
      frame.destination_mac[bit / 8] =
          static_cast<std::uint8_t>(frame.destination_mac[bit / 8] ^ 1U << bit % 8);
    });
  }
}

TEST(BelowNtp, ASenderThatIsAGroupCannotBeAnswered) {
  expect_both("multicast sender", Verdict::drop_station,
              [](Frame& frame) { frame.source_mac[0] |= 1U; });
}

TEST(BelowNtp, SourcesThatNobodyCanHave) {
  for (const char* source :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.1.1", "239.1.2.3", "240.0.0.1",
        "255.255.255.255", "192.0.2.255", "192.0.2.1"}) {
    expect_ipv4(source, Verdict::drop_source,
                [source](Frame& frame) { frame.source = address(source); });
  }
  for (const char* source : {"1.0.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.255",
                             "192.0.2.254", "10.255.255.255", "192.0.2.65"}) {
    expect_ipv4(source, Verdict::reply_plain,
                [source](Frame& frame) { frame.source = address(source); });
  }
}

TEST(BelowNtp, Ipv4UdpChecksums) {
  const auto with = [](UdpChecksum kind) {
    return [kind](Frame& frame) { frame.udp_checksum = kind; };
  };
  expect_ipv4("no checksum", Verdict::reply_plain, with(UdpChecksum::kZero));
  expect_ipv4("wrong checksum", Verdict::drop_udp_checksum, with(UdpChecksum::kWrong));
  expect_ipv4("pseudo header only", Verdict::drop_udp_checksum,
              with(UdpChecksum::kPseudoHeaderOnly));
  expect_ipv4("wrong IPv4 checksum", Verdict::drop_ip_checksum,
              [](Frame& frame) { frame.wrong_ip_checksum = true; });
}

// Any bit that is flipped on the way is noticed, unless the frame becomes one for somebody else.
TEST(BelowNtp, NoDamagedRequestIsAnswered) {
  for (const auto& request : {ipv4_request().build(), ipv6_request().build()}) {
    for (std::size_t bit = 12 * 8; bit < request.size() * 8; ++bit) {
      Octets damaged = request;
      damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
      const auto result = run_frame(server_settings(), damaged);
      EXPECT_EQ(result.faults, "");
      // Traffic class, flow label and hop limit of IPv6 are under no checksum.
      const std::size_t octet = bit / 8;
      const bool flow = (octet == 14 && bit % 8 < 4) || (octet > 14 && octet < 18);
      const bool unprotected = request.size() > 100 && (flow || octet == 21);
      EXPECT_EQ(is_reply(result.verdict), unprotected)
          << "bit " << bit << ": " << name_of(result.verdict);
    }
  }
}

TEST(BelowNtp, Ipv4Options) {
  const auto with = [](const char* options) {
    return [options](Frame& frame) { frame.ipv4_options = test::from_hex(options); };
  };
  expect_ipv4("NOP", Verdict::reply_plain, with("01010101"));
  expect_ipv4("end of list", Verdict::reply_plain, with("00000000"));
  expect_ipv4("record route that fills the header", Verdict::reply_plain, [](Frame& frame) {
    frame.ipv4_options = Octets(40);
    std::ranges::copy(Octets{7, 39, 4}, frame.ipv4_options.begin());
  });
  expect_ipv4("timestamp", Verdict::reply_plain, with("440c050000000000 00000000"));
  expect_ipv4("router alert", Verdict::reply_plain, with("94040000"));
  expect_ipv4("loose source route", Verdict::drop_source_route, with("8307040a00000100"));
  expect_ipv4("strict source route", Verdict::drop_source_route, with("8907040a00000100"));
  expect_ipv4("malformed", Verdict::drop_ip_header, with("07000000"));
  expect_ipv4("beyond the header", Verdict::drop_ip_header, with("07090400"));
}

TEST(BelowNtp, Ipv4FieldsThatDoNotMatter) {
  for (const unsigned ttl : {0U, 1U, 63U, 255U}) {
    expect_both("TTL", Verdict::reply_plain,
                [ttl](Frame& frame) { frame.time_to_live = static_cast<std::uint8_t>(ttl); });
  }
  for (unsigned tos = 0; tos < 256; ++tos) {
    expect_both("TOS", Verdict::reply_plain,
                [tos](Frame& frame) { frame.type_of_service = static_cast<std::uint8_t>(tos); });
  }
  expect_ipv4("DF off", Verdict::reply_plain, [](Frame& frame) { frame.fragment = 0; });
  expect_ipv4("reserved flag", Verdict::reply_plain, [](Frame& frame) { frame.fragment = 0x8000; });
  expect_ipv4("all flags but more fragments", Verdict::reply_plain,
              [](Frame& frame) { frame.fragment = 0xc000; });
  expect_ipv4("identification", Verdict::reply_plain,
              [](Frame& frame) { frame.identification = 0xffff; });
}

TEST(BelowNtp, PaddingAndTrailers) {
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{4}, std::size_t{18}, std::size_t{700}}) {
    expect_both("trailer", Verdict::reply_plain,
                [length](Frame& frame) { frame.trailer = Octets(length, 0xdd); });
  }
}

TEST(BelowNtp, Ipv4Lengths) {
  const auto total = [](unsigned length) {
    return [length](Frame& frame) { frame.ip_length = static_cast<std::uint16_t>(length); };
  };
  expect_ipv4("IP length beyond the frame", Verdict::drop_ip_header, total(77));
  expect_ipv4("IP length 65535", Verdict::drop_ip_header, total(0xffff));
  for (unsigned length = 0; length < 20; ++length)
    expect_ipv4("IP length under 20", Verdict::drop_ip_header, total(length));
  for (unsigned length = 20; length < 28; ++length)
    expect_ipv4("IP length under 28", Verdict::drop_udp_length, total(length));
  expect_ipv4("IP length shorter than UDP", Verdict::drop_udp_length, total(75));
  for (const unsigned first : {0x44U, 0x40U, 0x35U, 0x55U, 0x65U, 0x05U}) {
    expect_ipv4("version or header length", Verdict::drop_ip_header,
                [first](Frame& frame) { frame.first_octet = static_cast<std::uint8_t>(first); });
  }
}

TEST(BelowNtp, UdpLengths) {
  const auto stated = [](unsigned length) {
    return [length](Frame& frame) { frame.udp_length = static_cast<std::uint16_t>(length); };
  };
  for (unsigned length = 0; length <= 8; ++length)
    expect_both("UDP length up to 8", Verdict::drop_udp_length, stated(length));
  for (unsigned length = 9; length < 56; ++length)
    expect_both("UDP length too short for NTP", Verdict::drop_short, stated(length));
  for (const unsigned length : {57U, 64U, 0xffffU})
    expect_both("UDP length beyond IP", Verdict::drop_udp_length, stated(length));
  expect_both("UDP length shorter than the IP payload", Verdict::reply_plain, [](Frame& frame) {
    test::put(frame.payload, Octets(13, 0xcc));
    frame.udp_length = 56;
  });
}

TEST(BelowNtp, TruncatedAtEveryLength) {
  for (const auto& whole : {ipv4_request().build(), ipv6_request().build()}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto result = run_frame(server_settings(), test::slice(whole, 0, length));
      EXPECT_FALSE(is_reply(result.verdict)) << length;
      EXPECT_EQ(result.faults, "") << length;
    }
  }
}

TEST(BelowNtp, VlanTags) {
  PolicySettings settings = server_settings();
  settings.vlans = {100, 200, 4'094};
  const auto tagged = [](std::vector<test::Tag> tags) {
    return [tags](Frame& frame) { frame.tags = tags; };
  };
  constexpr auto kVlan = test::kTypeVlan;
  constexpr auto kService = test::kTypeServiceVlan;
  expect_both("priority tag", Verdict::reply_plain, tagged({{kVlan, 0}}));
  expect_both("priority 7", Verdict::reply_plain, tagged({{kVlan, 0xf000}}));
  expect_both("VLAN that is not configured", Verdict::drop_vlan, tagged({{kVlan, 100}}));
  expect_both("untagged where VLANs are configured", Verdict::reply_plain, tagged({}), settings);
  for (const unsigned vlan : {100U, 200U, 4'094U, 0x2064U}) {
    expect_both("configured VLAN", Verdict::reply_plain,
                tagged({{kVlan, static_cast<std::uint16_t>(vlan)}}), settings);
  }
  for (const unsigned vlan : {1U, 101U, 4'095U}) {
    expect_both("another VLAN", Verdict::drop_vlan,
                tagged({{kVlan, static_cast<std::uint16_t>(vlan)}}), settings);
  }
  expect_both("QinQ, both configured", Verdict::reply_plain,
              tagged({{kService, 200}, {kVlan, 100}}), settings);
  expect_both("QinQ, inner not configured", Verdict::drop_vlan,
              tagged({{kService, 200}, {kVlan, 7}}), settings);
  expect_both("QinQ, outer not configured", Verdict::drop_vlan,
              tagged({{kService, 7}, {kVlan, 100}}), settings);
  expect_both("three tags", Verdict::drop_vlan, tagged({{kVlan, 0}, {kVlan, 0}, {kVlan, 0}}),
              settings);
}

TEST(BelowNtp, Ipv4Fragments) {
  for (const unsigned fragment : {0x2000U, 0x0001U, 0x1fffU, 0x6000U, 0x2001U}) {
    expect_ipv4("fragment", Verdict::drop_fragment, [fragment](Frame& frame) {
      frame.fragment = static_cast<std::uint16_t>(fragment);
    });
  }
}

TEST(BelowNtp, OtherPortsAndProtocols) {
  for (const unsigned port : {0U, 1U, 122U, 124U, 0x7b00U, 0xffffU}) {
    expect_both("another port", Verdict::drop_port, [port](Frame& frame) {
      frame.destination_port = static_cast<std::uint16_t>(port);
    });
  }
  for (const unsigned protocol : {6U, 132U, 136U, 255U}) {
    expect_both("another protocol", Verdict::drop_protocol,
                [protocol](Frame& frame) { frame.protocol = static_cast<std::uint8_t>(protocol); });
  }
  for (const unsigned type : {0x0000U, 0x05dcU, 0x0801U, 0x88ccU, 0x8847U}) {
    expect_both("another EtherType", Verdict::drop_ether_type,
                [type](Frame& frame) { frame.ether_type = static_cast<std::uint16_t>(type); });
  }
}

}  // namespace
}  // namespace pollux::responder
