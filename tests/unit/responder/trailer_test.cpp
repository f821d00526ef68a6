// Table "Length and what follows the header" (RFC 5905 §7.5, RFC 7822, RFC 8915 §5.3).
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using test::extension_field;

constexpr std::uint16_t kUnknown = 0x0f0f;
constexpr std::uint16_t kIdentifier = 0x0104;

Octets concat(std::initializer_list<Octets> pieces) {
  Octets all;
  for (const auto& piece : pieces) test::put(all, piece);
  return all;
}

Octets identifier(std::size_t body, std::uint8_t start = 1) {
  Octets field = extension_field(kIdentifier, body + 4);
  for (std::size_t i = 4; i < field.size(); ++i) field[i] = static_cast<std::uint8_t>(start + i);
  return field;
}

void expect_trailer(const std::string& name, const Octets& trailer, Verdict verdict,
                    unsigned version = 4) {
  for (auto frame : {ipv4_request({.version = version}), ipv6_request({.version = version})}) {
    test::put(frame.payload, trailer);
    expect_row({name, frame.build(), verdict});
  }
}

std::size_t reply_payload(const Octets& trailer) {
  auto frame = ipv4_request();
  test::put(frame.payload, trailer);
  return run_frame(server_settings(), frame.build()).frame.size() - 42;
}

TEST(Trailer, Under48Octets) {
  for (std::size_t length = 1; length < 48; ++length) {
    for (unsigned version = 1; version <= 4; ++version) {
      auto frame = ipv4_request({.version = version});
      frame.payload.resize(length);
      expect_row({"short " + std::to_string(length), frame.build(), Verdict::drop_short});
    }
  }
}

// Whatever zeros and noise are taken for, they are not answered.
TEST(Trailer, ZerosAndNoiseAreNotAnswered) {
  test::Random random{1};
  for (std::size_t length = 1; length <= 1'424; ++length) {
    for (unsigned version = 1; version <= 4; ++version) {
      auto frame = ipv4_request({.version = version});
      test::put(frame.payload, Octets(length));
      const auto zeros = run_frame(server_settings(), frame.build());
      const bool mac = length == 4 || length == 20 || length == 24 || length == 36 ||
                       (length == 12 && version < 4);
      EXPECT_EQ(name_of(zeros.verdict),
                name_of(mac ? Verdict::drop_mac_unsupported : Verdict::drop_malformed))
          << length << " v" << version;
      frame.payload.resize(48);
      // A first octet pair that cannot be a field's length in so short a packet.
      Octets noise = random.octets(length);
      if (length >= 4) noise[2] = 0xff;
      test::put(frame.payload, noise);
      EXPECT_FALSE(is_reply(run_frame(server_settings(), frame.build()).verdict)) << length;
    }
  }
}

TEST(Trailer, UnknownFieldsAreAnsweredWithout) {
  expect_trailer("field of 28", extension_field(kUnknown, 28), Verdict::reply_plain);
  expect_trailer("field of 16 and one of 28",
                 concat({extension_field(kUnknown, 16), extension_field(kUnknown, 28)}),
                 Verdict::reply_plain);
  expect_trailer("field of 1424", extension_field(kUnknown, 1'424), Verdict::reply_plain);
  EXPECT_EQ(reply_payload(extension_field(kUnknown, 28)), 48U);
}

TEST(Trailer, KnownTypesOfOthersAreUnknownFields) {
  for (const unsigned type :
       {0xf5ffU, 0xf501U, 0xf503U, 0x2005U, 0x0002U, 0x0102U, 0x0200U, 0x0204U, 0x0000U, 0xffffU}) {
    const auto field = extension_field(static_cast<std::uint16_t>(type), 32);
    expect_trailer("type " + std::to_string(type), field, Verdict::reply_plain);
    EXPECT_EQ(reply_payload(field), 48U) << type;
  }
}

TEST(Trailer, UpTo16Fields) {
  for (std::size_t count = 1; count <= 40; ++count) {
    Octets trailer;
    for (std::size_t i = 0; i < count; ++i) test::put(trailer, extension_field(kUnknown, 32));
    expect_trailer(std::to_string(count) + " fields", trailer,
                   count <= 16 ? Verdict::reply_plain : Verdict::drop_too_many_fields);
  }
}

TEST(Trailer, ALastFieldUnder28IsNone) {
  expect_trailer("4 octets", extension_field(kUnknown, 4), Verdict::drop_mac_unsupported);
  expect_trailer("8 octets", extension_field(kUnknown, 8), Verdict::drop_malformed);
  expect_trailer("12 octets", extension_field(kUnknown, 12), Verdict::drop_malformed);
  expect_trailer("16 octets", extension_field(kUnknown, 16), Verdict::drop_malformed);
  expect_trailer("20 octets", extension_field(kUnknown, 20), Verdict::drop_mac_unsupported);
  expect_trailer("field and one of 16",
                 concat({extension_field(kUnknown, 28), extension_field(kUnknown, 16)}),
                 Verdict::drop_malformed);
}

TEST(Trailer, WrongFieldLengths) {
  for (const unsigned stated :
       {0U, 3U, 4U, 12U, 15U, 17U, 18U, 30U, 31U, 33U, 36U, 1'000U, 0xfffcU, 0xffffU}) {
    expect_trailer("stated " + std::to_string(stated),
                   extension_field(kUnknown, 32, static_cast<std::uint16_t>(stated)),
                   Verdict::drop_malformed);
  }
  expect_trailer("4 short", extension_field(kUnknown, 32, 28), Verdict::drop_mac_unsupported);
  expect_trailer("8 short", extension_field(kUnknown, 32, 24), Verdict::drop_malformed);
  expect_trailer("second field beyond the packet",
                 concat({extension_field(kUnknown, 28), extension_field(kUnknown, 28, 32)}),
                 Verdict::drop_malformed);
}

TEST(Trailer, MacsOfUnknownKeys) {
  for (unsigned version = 1; version <= 4; ++version) {
    for (const std::size_t length :
         {std::size_t{4}, std::size_t{20}, std::size_t{24}, std::size_t{36}}) {
      Octets mac(length, 0xee);
      test::set16(mac, 0, 0);
      test::set16(mac, 2, 1);  // key 1
      expect_trailer("MAC of " + std::to_string(length), mac, Verdict::drop_mac_unsupported,
                     version);
    }
    expect_trailer("crypto-NAK", Octets(4), Verdict::drop_mac_unsupported, version);
  }
}

TEST(Trailer, FieldAndMac) {
  for (const std::size_t mac : {std::size_t{4}, std::size_t{20}, std::size_t{24}}) {
    expect_trailer("field and MAC", concat({extension_field(kUnknown, 16), Octets(mac)}),
                   Verdict::drop_mac_unsupported);
    expect_trailer("identifier and MAC", concat({identifier(32), Octets(mac)}),
                   Verdict::drop_mac_unsupported);
  }
}

// RFC 1305 has no extension fields.
TEST(Trailer, FieldsBeforeVersion4) {
  for (unsigned version = 1; version <= 3; ++version) {
    expect_trailer("field of 16", extension_field(kUnknown, 16), Verdict::drop_malformed, version);
    expect_trailer("field of 28", extension_field(kUnknown, 28), Verdict::drop_malformed, version);
    expect_trailer("identifier", identifier(36), Verdict::drop_malformed, version);
  }
}

TEST(Trailer, UniqueIdentifierIsEchoed) {
  for (const std::size_t body :
       {std::size_t{32}, std::size_t{36}, std::size_t{64}, std::size_t{128}, std::size_t{1'400}}) {
    expect_trailer("identifier of " + std::to_string(body), identifier(body), Verdict::reply_plain);
    EXPECT_EQ(reply_payload(identifier(body)), 48 + 4 + body);
  }
}

TEST(Trailer, UniqueIdentifierAmongUnknownFields) {
  const Octets unknown = extension_field(kUnknown, 40);
  expect_trailer("identifier first", concat({identifier(32), unknown}), Verdict::reply_plain);
  expect_trailer("identifier last", concat({unknown, unknown, identifier(64)}),
                 Verdict::reply_plain);
  expect_trailer("identifier between", concat({unknown, identifier(33 + 3), unknown}),
                 Verdict::reply_plain);
  EXPECT_EQ(reply_payload(concat({unknown, identifier(32), unknown})), 84U);
}

TEST(Trailer, UniqueIdentifierTooShortOrTwice) {
  expect_trailer("16", concat({identifier(16), extension_field(kUnknown, 28)}),
                 Verdict::drop_malformed);
  expect_trailer("28", identifier(28), Verdict::drop_malformed);
  expect_trailer("two", concat({identifier(32), identifier(32, 9)}), Verdict::drop_malformed);
}

// A reply is never longer than the request, also where UDP is longer than what it says.
TEST(Trailer, LengthsAreThoseOfUdp) {
  auto frame = ipv4_request();
  test::put(frame.payload, identifier(32));
  frame.udp_length = 8 + 48;
  expect_row({"identifier beyond the UDP length", frame.build(), Verdict::reply_plain});
  EXPECT_EQ(run_frame(server_settings(), frame.build()).frame.size(), 42U + 48U);
}

}  // namespace
}  // namespace pollux::responder
