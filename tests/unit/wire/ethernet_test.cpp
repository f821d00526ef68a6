#include "dataplane/wire/ethernet.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/guarded_buffer.h"
#include "tests/support/packet_builder.h"

namespace pollux::wire {
namespace {

using test::Frame;
using test::kTypeServiceVlan;
using test::kTypeVlan;
using test::Octets;
using test::Tag;

std::expected<LinkHeader, LinkError> parse(const Octets& frame) {
  static test::GuardedBuffer buffer;
  buffer.load(frame);
  return parse_link_header(buffer.start(), frame.size());
}

TEST(Ethernet, TagsInEveryForm) {
  struct Row {
    const char* name;
    std::vector<Tag> tags;
    std::uint16_t outer;
    std::uint16_t inner;
  };
  const std::array rows{
      Row{"untagged", {}, 0, 0},
      Row{"priority tag", {{kTypeVlan, 0xe000}}, 0, 0},
      Row{"VLAN 100", {{kTypeVlan, 100}}, 100, 0},
      Row{"VLAN 4094, priority 7, drop eligible", {{kTypeVlan, 0xfffe}}, 4094, 0},
      Row{"service tag alone", {{kTypeServiceVlan, 5}}, 5, 0},
      Row{"QinQ", {{kTypeServiceVlan, 200}, {kTypeVlan, 100}}, 200, 100},
      Row{"two customer tags", {{kTypeVlan, 1}, {kTypeVlan, 2}}, 1, 2},
      Row{"priority tag inside a VLAN", {{kTypeVlan, 7}, {kTypeVlan, 0x2000}}, 7, 0},
  };
  for (const auto& row : rows) {
    Frame frame;
    frame.tags = row.tags;
    const auto header = parse(frame.build());
    ASSERT_TRUE(header.has_value()) << row.name;
    EXPECT_EQ(header->ether_type, kEtherTypeIpv4) << row.name;
    EXPECT_EQ(header->length, 14 + 4 * row.tags.size()) << row.name;
    EXPECT_EQ(header->tags, row.tags.size()) << row.name;
    EXPECT_EQ(header->outer_vlan, row.outer) << row.name;
    EXPECT_EQ(header->inner_vlan, row.inner) << row.name;
  }
}

TEST(Ethernet, AThirdTagIsRefused) {
  Frame frame;
  frame.tags = {{kTypeServiceVlan, 1}, {kTypeVlan, 2}, {kTypeVlan, 3}};
  const auto header = parse(frame.build());
  ASSERT_FALSE(header.has_value());
  EXPECT_EQ(header.error(), LinkError::kTooManyTags);
}

TEST(Ethernet, TruncatedAtEveryLength) {
  for (std::size_t tags = 0; tags <= 2; ++tags) {
    Frame frame;
    frame.tags.assign(tags, Tag{kTypeVlan, 9});
    const Octets octets = frame.build();
    const std::size_t needed = 14 + 4 * tags;
    for (std::size_t length = 0; length <= needed; ++length) {
      const auto header = parse(test::slice(octets, 0, length));
      EXPECT_EQ(header.has_value(), length == needed) << tags << " tags, " << length;
      if (!header) {
        EXPECT_EQ(header.error(), LinkError::kTruncated);
      }
    }
  }
}

TEST(Ethernet, OtherTypesAreGivenAsTheyAre) {
  for (const unsigned type : {0x0000U, 0x05dcU, 0x0806U, 0x86ddU, 0x88ccU, 0x9100U, 0xffffU}) {
    Frame frame;
    frame.ether_type = static_cast<std::uint16_t>(type);
    EXPECT_EQ(parse(frame.build()).value().ether_type, type);
    EXPECT_EQ(parse(frame.build()).value().length, 14);
  }
}

}  // namespace
}  // namespace pollux::wire
