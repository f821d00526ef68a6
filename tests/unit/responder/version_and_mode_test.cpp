// Table "Version and mode" of the observed behaviour of NTP servers (RFC 5905 §7.3, §9.2), each row
// over IPv4 and IPv6, untagged and with a priority tag.
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

void expect_everywhere(const std::string& name, const NtpFields& fields, Verdict verdict,
                       std::uint16_t source_port = 40'000,
                       const PolicySettings& settings = server_settings()) {
  for (auto frame : {ipv4_request(fields), ipv6_request(fields)}) {
    frame.source_port = source_port;
    expect_row({name, frame.build(), verdict}, settings);
    frame.tags = {{test::kTypeVlan, 0xa000}};
    expect_row({name + ", priority tag", frame.build(), verdict}, settings);
  }
}

// What a version and mode are worth, from any port but 123.
Verdict verdict_for(unsigned version, unsigned mode) {
  if (version == 5) return Verdict::drop_version5;
  if (version == 0 || version > 5) return Verdict::drop_version;
  if (mode == 3 || mode == 1) return Verdict::reply_plain;
  if (version == 1 && mode == 0) return Verdict::reply_plain;
  return Verdict::drop_mode;
}

TEST(VersionAndMode, EveryFirstOctet) {
  for (unsigned version = 0; version < 8; ++version) {
    for (unsigned mode = 0; mode < 8; ++mode) {
      for (unsigned leap = 0; leap < 4; ++leap) {
        expect_everywhere("v" + std::to_string(version) + " mode " + std::to_string(mode) +
                              " leap " + std::to_string(leap),
                          {.leap = leap, .version = version, .mode = mode},
                          verdict_for(version, mode));
      }
    }
  }
}

// From port 123 it is a symmetric peer or another server.
TEST(VersionAndMode, Version1Mode0FromPort123) {
  expect_everywhere("v1 mode 0 from port 123", {.version = 1, .mode = 0}, Verdict::drop_mode, 123);
  expect_everywhere("v1 mode 0 from port 124", {.version = 1, .mode = 0}, Verdict::reply_plain,
                    124);
}

TEST(VersionAndMode, OtherModesFromPort123AreAnsweredAsEver) {
  for (unsigned version = 1; version <= 4; ++version) {
    expect_everywhere("mode 3 from port 123", {.version = version, .mode = 3}, Verdict::reply_plain,
                      123);
    expect_everywhere("mode 1 from port 123", {.version = version, .mode = 1}, Verdict::reply_plain,
                      123);
  }
}

TEST(VersionAndMode, SymmetricIsRefusedWhereItIsSwitchedOff) {
  PolicySettings settings = server_settings();
  settings.answers_symmetric = false;
  for (unsigned version = 1; version <= 4; ++version) {
    expect_everywhere("mode 1", {.version = version, .mode = 1}, Verdict::drop_mode, 40'000,
                      settings);
    expect_everywhere("mode 3", {.version = version, .mode = 3}, Verdict::reply_plain, 40'000,
                      settings);
  }
  expect_everywhere("v1 mode 0", {.version = 1, .mode = 0}, Verdict::reply_plain, 40'000, settings);
}

// Control and private packets (RFC 9327, ntpdc) have lengths of their own.
TEST(VersionAndMode, Mode6And7OfAnyLength) {
  for (const unsigned mode : {6U, 7U}) {
    for (unsigned version = 1; version <= 4; ++version) {
      for (std::size_t length = 1; length <= 500; length += length < 60 ? 1 : 44) {
        auto frame = ipv4_request();
        frame.payload = Octets(length);
        frame.payload[0] = static_cast<std::uint8_t>(version << 3U | mode);
        expect_row({"mode " + std::to_string(mode) + " of " + std::to_string(length), frame.build(),
                    Verdict::drop_mode});
      }
    }
  }
}

TEST(VersionAndMode, WhateverTheOtherFieldsSay) {
  for (const unsigned stratum : {0U, 1U, 2U, 15U, 16U, 17U, 255U}) {
    expect_everywhere("stratum", {.stratum = static_cast<std::uint8_t>(stratum)},
                      Verdict::reply_plain);
  }
  for (const unsigned poll : {0U, 3U, 6U, 17U, 127U, 128U, 255U}) {
    expect_everywhere("poll", {.poll = static_cast<std::uint8_t>(poll)}, Verdict::reply_plain);
  }
  expect_everywhere("reference id RATE", {.reference_id = 0x5241'5445}, Verdict::reply_plain);
  expect_everywhere("huge root delay", {.root_delay = 0xffff'ffff}, Verdict::reply_plain);
  expect_everywhere("huge root dispersion", {.root_dispersion = 0xffff'ffff}, Verdict::reply_plain);
  expect_everywhere("precision", {.precision = 0x7f}, Verdict::reply_plain);
}

TEST(VersionAndMode, WhateverTheTimestampsSay) {
  test::Random random{1};
  expect_everywhere("transmit zero", {.transmit = 0}, Verdict::reply_plain);
  expect_everywhere("transmit all ones", {.transmit = ~std::uint64_t{0}}, Verdict::reply_plain);
  for (int i = 0; i < 100; ++i)
    expect_everywhere("transmit random", {.transmit = random.next()}, Verdict::reply_plain);
  expect_everywhere("origin set", {.origin = 0x1234'5678'9abc'def0}, Verdict::reply_plain);
  expect_everywhere("reference time NTP5NTP5", {.reference = 0x4e54'5035'4e54'5035},
                    Verdict::reply_plain);
  expect_everywhere("all zero but version and mode", {.poll = 0, .transmit = 0},
                    Verdict::reply_plain);
}

// RFC 9769: a server without state answers in basic mode; the origin is the transmit timestamp.
TEST(VersionAndMode, InterleavedLookingRequest) {
  expect_everywhere("interleaved",
                    {.origin = 0xe900'0000'1111'1111,
                     .receive = 0xe900'0001'2222'2222,
                     .transmit = 0xe900'0002'3333'3333},
                    Verdict::reply_plain);
}

TEST(VersionAndMode, TwoHundredFromOneAddressAreAllAnswered) {
  test::FrameRunner runner;
  const PortPolicy policy{server_settings()};
  const auto rules = rules_for(server_settings());
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Octets request = ipv4_request({.transmit = i}).build();
    const auto result = runner.run(policy, request);
    EXPECT_EQ(test::faults_of_ntp_reply(request, result.frame, rules), "") << i;
  }
  EXPECT_EQ(runner.counters().verdicts[index(Verdict::reply_plain)].read(), 200U);
}

}  // namespace
}  // namespace pollux::responder
