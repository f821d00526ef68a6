#include "dataplane/wire/extension_field.h"

#include <gtest/gtest.h>

#include "tests/support/guarded_buffer.h"
#include "tests/support/packet_builder.h"

namespace pollux::wire {
namespace {

using test::extension_field;
using test::Octets;

std::optional<ExtensionField> read(const Octets& octets) {
  static test::GuardedBuffer buffer;
  buffer.load(octets);
  return read_field({buffer.start(), octets.size()});
}

// RFC 7822 §3, RFC 5905 §7.5.
TEST(ExtensionField, WhatARestOfThePacketIs) {
  for (std::size_t left = 0; left <= 1'472; ++left) {
    TrailerKind wanted = left >= 28 ? TrailerKind::kField : TrailerKind::kMalformed;
    if (left == 0) wanted = TrailerKind::kEnd;
    if (left == 4 || left == 20 || left == 24) wanted = TrailerKind::kMac;
    EXPECT_EQ(classify_trailer(left), wanted) << left;
  }
}

TEST(ExtensionField, ReadsTypeAndBody) {
  Octets octets = extension_field(0x0104, 36);
  octets[4] = 0xab;
  test::put(octets, Octets(20, 0xff));
  const auto field = read(octets);
  ASSERT_TRUE(field.has_value());
  EXPECT_EQ(field->type, 0x0104);
  EXPECT_EQ(field->whole.size(), 36U);
  EXPECT_EQ(field->body().size(), 32U);
  EXPECT_EQ(field->body()[0], std::byte{0xab});
}

TEST(ExtensionField, EveryStatedLength) {
  constexpr std::size_t kHeld = 64;
  for (std::uint32_t stated = 0; stated <= 0xffff; ++stated) {
    const auto field = read(extension_field(7, kHeld, static_cast<std::uint16_t>(stated)));
    const bool good = stated >= 16 && stated % 4 == 0 && stated <= kHeld;
    ASSERT_EQ(field.has_value(), good) << stated;
    if (field) {
      ASSERT_EQ(field->whole.size(), stated);
    }
  }
}

TEST(ExtensionField, TruncatedAtEveryLength) {
  const Octets octets = extension_field(7, 28);
  for (std::size_t length = 0; length <= 28; ++length) {
    EXPECT_EQ(read(test::slice(octets, 0, length)).has_value(), length == 28) << length;
  }
}

TEST(ExtensionField, LongestThatFitsAPacket) {
  const auto field = read(extension_field(7, 1'424));
  ASSERT_TRUE(field.has_value());
  EXPECT_EQ(field->body().size(), 1'420U);
}

}  // namespace
}  // namespace pollux::wire
