// Table "Below NTP": what only IPv6 has (RFC 8200, RFC 4291).
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::address;
using test::Frame;
using test::from_hex;
using test::options_header;
using test::UdpChecksum;

template <typename Change>
void expect_ipv6(const std::string& name, Verdict verdict, Change change) {
  auto frame = ipv6_request();
  change(frame);
  expect_row({name, frame.build(), verdict});
  frame.tags = {{test::kTypeVlan, 0}};
  expect_row({name + ", priority tag", frame.build(), verdict});
}

auto extended(std::uint8_t first, Octets headers) {
  return [=](Frame& frame) {
    frame.first_extension = first;
    frame.ipv6_extensions = headers;
  };
}

TEST(Ipv6BelowNtp, SourcesThatNobodyCanHave) {
  for (const char* source : {"::", "::1", "::2", "::ffff:192.0.2.10", "::192.0.2.10", "ff02::1",
                             "ff0e::101", "2001:db8::1"}) {
    expect_ipv6(source, Verdict::drop_source,
                [source](Frame& frame) { frame.source = address(source); });
  }
  for (const char* source :
       {"fe80::1", "fc00::1", "2002:c000:0201::1", "64:ff9b::c000:20a", "2001:db8::2"}) {
    expect_ipv6(source, Verdict::reply_plain,
                [source](Frame& frame) { frame.source = address(source); });
  }
}

TEST(Ipv6BelowNtp, UdpChecksums) {
  const auto with = [](UdpChecksum kind) {
    return [kind](Frame& frame) { frame.udp_checksum = kind; };
  };
  expect_ipv6("no checksum (RFC 8200 §8.1)", Verdict::drop_udp_checksum, with(UdpChecksum::kZero));
  expect_ipv6("wrong checksum", Verdict::drop_udp_checksum, with(UdpChecksum::kWrong));
  expect_ipv6("pseudo header only", Verdict::drop_udp_checksum,
              with(UdpChecksum::kPseudoHeaderOnly));
}

TEST(Ipv6BelowNtp, Lengths) {
  const auto payload = [](unsigned length) {
    return [length](Frame& frame) { frame.ip_length = static_cast<std::uint16_t>(length); };
  };
  expect_ipv6("beyond the frame", Verdict::drop_ip_header, payload(57));
  expect_ipv6("65535", Verdict::drop_ip_header, payload(0xffff));
  for (unsigned length = 0; length < 8; ++length)
    expect_ipv6("no UDP header", Verdict::drop_udp_length, payload(length));
  expect_ipv6("shorter than UDP", Verdict::drop_udp_length, payload(55));
  expect_ipv6("version 4", Verdict::drop_ip_header, [](Frame& frame) { frame.first_octet = 0x40; });
  expect_ipv6("version 7", Verdict::drop_ip_header, [](Frame& frame) { frame.first_octet = 0x70; });
}

TEST(Ipv6BelowNtp, FieldsThatDoNotMatter) {
  expect_ipv6("flow label", Verdict::reply_plain,
              [](Frame& frame) { frame.flow_label = 0xf'ffff; });
  expect_ipv6("traffic class", Verdict::reply_plain,
              [](Frame& frame) { frame.type_of_service = 0xff; });
  expect_ipv6("hop limit 0", Verdict::reply_plain, [](Frame& frame) { frame.time_to_live = 0; });
}

TEST(Ipv6BelowNtp, ExtensionHeadersThatPass) {
  expect_ipv6("hop-by-hop padding", Verdict::reply_plain, extended(0, options_header(17)));
  expect_ipv6("destination padding", Verdict::reply_plain, extended(60, options_header(17)));
  expect_ipv6("option to be skipped", Verdict::reply_plain,
              extended(60, options_header(17, from_hex("1e02aabb"))));
  expect_ipv6("atomic fragment (RFC 6946)", Verdict::reply_plain,
              extended(44, from_hex("1100000012345678")));
  expect_ipv6("routing header with nothing left", Verdict::reply_plain,
              extended(43, from_hex("1100040000000000")));
  Octets both = options_header(60);
  test::put(both, options_header(17));
  expect_ipv6("hop-by-hop and destination padding", Verdict::reply_plain, extended(0, both));
}

TEST(Ipv6BelowNtp, ExtensionHeadersThatDoNot) {
  expect_ipv6("option that says discard", Verdict::drop_ipv6_extension,
              extended(60, options_header(17, from_hex("4100"))));
  expect_ipv6("option that says report", Verdict::drop_ipv6_extension,
              extended(0, options_header(17, from_hex("8100"))));
  expect_ipv6("option that says report unless multicast", Verdict::drop_ipv6_extension,
              extended(0, options_header(17, from_hex("c204000000ff"))));
  expect_ipv6("routing header with segments left", Verdict::drop_ipv6_extension,
              extended(43, from_hex("1100000100000000")));
  expect_ipv6("first fragment", Verdict::drop_fragment, extended(44, from_hex("1100000112345678")));
  expect_ipv6("last fragment", Verdict::drop_fragment, extended(44, from_hex("1100000812345678")));
  expect_ipv6("header beyond the packet", Verdict::drop_ipv6_extension,
              extended(60, from_hex("11ff010400000000")));
}

TEST(Ipv6BelowNtp, ExtensionHeadersAndAUniqueIdentifier) {
  expect_ipv6("both", Verdict::reply_plain, [](Frame& frame) {
    frame.first_extension = 60;
    frame.ipv6_extensions = options_header(17);
    test::put(frame.payload, test::extension_field(0x0104, 68));
    test::put(frame.payload, test::extension_field(0x0f0f, 28));
  });
}

}  // namespace
}  // namespace pollux::responder
