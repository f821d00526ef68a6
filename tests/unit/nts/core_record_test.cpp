#include "nts/core/ke_record.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "tests/support/ke_messages.h"

namespace pollux::nts {
namespace {

using test::bytes_of;
using test::from_hex;
using test::Octets;
using test::octets_of;

TEST(FirstRecord, TakesTheFieldsApart) {
  // RFC 8915 §4: the critical bit is the most significant bit of the first octet.
  const auto octets = from_hex("8001 0004 0000 8001 beef");
  const auto record = first_record(bytes_of(octets));
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->critical);
  EXPECT_EQ(record->type, RecordType::kNextProtocol);
  EXPECT_EQ(octets_of(record->body), from_hex("00008001"));
  EXPECT_EQ(record->length(), 8U);
}

TEST(FirstRecord, KeepsTypesThatHaveNoName) {
  const auto octets = from_hex("7fff 0000");
  const auto record = first_record(bytes_of(octets));
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->critical);
  EXPECT_EQ(std::to_underlying(record->type), 0x7fff);
  EXPECT_TRUE(record->body.empty());
}

TEST(FirstRecord, WaitsForEveryOctet) {
  const auto octets = from_hex("0004 0002 000f");
  for (std::size_t size = 0; size < octets.size(); ++size) {
    EXPECT_FALSE(first_record(bytes_of(octets).first(size))) << size;
    EXPECT_EQ(first_header(bytes_of(octets).first(size)).has_value(), size >= 4) << size;
  }
  EXPECT_TRUE(first_record(bytes_of(octets)));
}

TEST(FirstHeader, SaysHowLongTheRecordWillBe) {
  const auto octets = from_hex("8400 ffff");
  const auto header = first_header(bytes_of(octets));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->critical);
  EXPECT_EQ(header->type, RecordType::kCompliantGcmSivExporter);
  EXPECT_EQ(header->body_length, 0xffffU);
  EXPECT_EQ(header->length(), 0x10003U);
}

TEST(RecordWriter, WritesWhatRfc8915Shows) {
  std::array<std::byte, 32> buffer{};
  RecordWriter writer{buffer};
  writer.add_number(RecordType::kError, true, 1);
  writer.add(RecordType::kNewCookie, false, bytes_of({0xaa, 0xbb, 0xcc}));
  writer.add(RecordType::kEndOfMessage, true, {});
  EXPECT_FALSE(writer.overflowed());
  EXPECT_EQ(octets_of(writer.written()), from_hex("80020002 0001 00050003 aabbcc 80000000"));
}

TEST(RecordWriter, LeavesOutWhatDoesNotFitAndAllAfterIt) {
  std::array<std::byte, 13> buffer{};
  RecordWriter writer{buffer};
  writer.add(RecordType::kNewCookie, false, bytes_of(Octets(3, 0x11)));
  writer.add(RecordType::kNewCookie, false,
             bytes_of(Octets(3, 0x22)));  // 14 octets would be needed
  EXPECT_TRUE(writer.overflowed());
  writer.add(RecordType::kEndOfMessage, true, {});  // would fit
  EXPECT_TRUE(writer.overflowed());
  EXPECT_EQ(octets_of(writer.written()), from_hex("00050003 111111"));
  EXPECT_EQ(buffer[7], std::byte{0});
}

TEST(RecordWriter, FillsItsBufferToTheLastOctet) {
  std::array<std::byte, 8> buffer{};
  RecordWriter writer{buffer};
  writer.add_number(RecordType::kPort, false, 123);
  EXPECT_FALSE(writer.overflowed());
  writer.add(RecordType::kEndOfMessage, true, {});
  EXPECT_TRUE(writer.overflowed());
  EXPECT_EQ(writer.written().size(), 6U);
}

TEST(RecordWriter, KnowsTheLongestBody) {
  std::vector<std::byte> buffer(0x2'0000);
  const std::vector<std::byte> body(0x1'0000);
  RecordWriter longest{buffer};
  longest.add(RecordType::kNewCookie, false, std::span{body}.first(0xffff));
  EXPECT_FALSE(longest.overflowed());
  EXPECT_EQ(first_record(longest.written())->body.size(), 0xffffU);
  RecordWriter longer{buffer};
  longer.add(RecordType::kNewCookie, false, body);
  EXPECT_TRUE(longer.overflowed());
  EXPECT_TRUE(longer.written().empty());
}

TEST(RecordWriter, WritesWhatFirstRecordReads) {
  test::Random random{1};
  for (int round = 0; round < 2'000; ++round) {
    std::array<std::byte, 600> buffer{};
    RecordWriter writer{buffer};
    struct Written {
      std::uint16_t type;
      bool critical;
      Octets body;
    };
    std::vector<Written> all(1 + random.below(6));
    for (auto& one : all) {
      one = {static_cast<std::uint16_t>(random.below(0x8000)), random.chance(2),
             random.octets(random.below(60))};
      writer.add(static_cast<RecordType>(one.type), one.critical, bytes_of(one.body));
    }
    ASSERT_FALSE(writer.overflowed());
    auto rest = writer.written();
    for (const auto& one : all) {
      const auto record = first_record(rest);
      ASSERT_TRUE(record);
      EXPECT_EQ(std::to_underlying(record->type), one.type);
      EXPECT_EQ(record->critical, one.critical);
      EXPECT_EQ(octets_of(record->body), one.body);
      rest = rest.subspan(record->length());
    }
    EXPECT_TRUE(rest.empty());
  }
}

}  // namespace
}  // namespace pollux::nts
