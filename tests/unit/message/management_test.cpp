#include "ptp/message/management.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

#include "tests/support/peer_messages.h"

namespace pollux::message {
namespace {

using std::chrono::nanoseconds;
using test::bytes_of;
using test::from_hex;
using test::ManagementResponse;
using test::Octets;

constexpr PortIdentity kSelf{{0x02, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70}, 1};
constexpr ClockIdentity kGrandmaster{0x02, 0, 0, 0xff, 0xfe, 0, 0, 1};

constexpr ManagementExchange exchange_of(std::uint16_t sequence) {
  return {.sequence = sequence, .self = kSelf};
}

TEST(ManagementGet, HasTheFieldsInTheirPlaces) {
  std::array<std::byte, 64> room;
  room.fill(std::byte{0xaa});
  const ManagementExchange exchange{
      .major_sdo_id = 1, .domain = 24, .sequence = 0x4100, .self = kSelf};
  ASSERT_EQ(write_management_get(room, ManagementId::kParentDataSet, exchange), 54U);
  const auto expected = from_hex(
      "1d 12 0036 18 00 0000 0000000000000000 00000000 0210203040506070 0001 4100 04 7f"
      "ffffffffffffffff ffff 00 00 00 00  0001 0002 2002");
  const auto* start = reinterpret_cast<const std::uint8_t*>(room.data());
  EXPECT_EQ(test::to_hex({start, start + 54}), test::to_hex(expected));
  EXPECT_EQ(room[54], std::byte{0xaa});
}

TEST(ManagementGet, DoesNotFitASmallerRoom) {
  std::array<std::byte, 53> room{};
  EXPECT_EQ(write_management_get(room, ManagementId::kTimeStatusNp, {}), 0U);
  EXPECT_EQ(room, (std::array<std::byte, 53>{}));
}

Octets response(std::uint16_t id, const Octets& data) {
  return ManagementResponse{.sequence = 7, .id = id, .data = data}.build();
}

TEST(CurrentDataSet, RoundsToNanoseconds) {
  const auto read = [](std::int64_t offset, std::int64_t delay) {
    return *read_current_data_set(
        bytes_of(response(test::kCurrentId, test::current_data(2, offset, delay))), exchange_of(7));
  };
  EXPECT_EQ(read(0, 0).steps_removed, 2);
  EXPECT_EQ(read(5 * 65'536, 3 * 65'536).offset_from_master, nanoseconds{5});
  EXPECT_EQ(read(5 * 65'536, 3 * 65'536).mean_path_delay, nanoseconds{3});
  EXPECT_EQ(read(65'536 + 0x7fff, 0).offset_from_master, nanoseconds{1});
  EXPECT_EQ(read(65'536 + 0x8000, 0).offset_from_master, nanoseconds{2});
  EXPECT_EQ(read(-65'536, 0).offset_from_master, nanoseconds{-1});
  EXPECT_EQ(read(-1, 0).offset_from_master, nanoseconds{0});
  EXPECT_EQ(read(-65'536 - 0x8001, 0).offset_from_master, nanoseconds{-2});
  EXPECT_EQ(read(std::numeric_limits<std::int64_t>::max(), 0).offset_from_master,
            nanoseconds{0x8000'0000'0000});
  EXPECT_EQ(read(std::numeric_limits<std::int64_t>::min(), 0).offset_from_master,
            nanoseconds{-0x8000'0000'0000});
}

TEST(ParentDataSet, GivesEveryField) {
  const auto set = read_parent_data_set(
      bytes_of(response(test::kParentId, test::ParentFields{}.data())), exchange_of(7));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->parent_port, (PortIdentity{kGrandmaster, 1}));
  EXPECT_EQ(set->grandmaster_priority1, 10);
  EXPECT_EQ(set->grandmaster_quality.clock_class, 6);
  EXPECT_EQ(set->grandmaster_quality.clock_accuracy, 0x21);
  EXPECT_EQ(set->grandmaster_quality.offset_scaled_log_variance, 0x4e5d);
  EXPECT_EQ(set->grandmaster_priority2, 128);
  EXPECT_EQ(set->grandmaster, kGrandmaster);
}

TEST(TimePropertiesDataSet, GivesEachFlagItsBit) {
  const auto read = [](std::uint8_t flags) {
    return *read_time_properties_data_set(
        bytes_of(response(test::kTimePropertiesId, test::time_properties_data(-37, flags, 0x20))),
        exchange_of(7));
  };
  EXPECT_EQ(read(0).current_utc_offset, -37);
  EXPECT_EQ(read(0).time_source, 0x20);
  for (unsigned bit = 0; bit < 8; ++bit) {
    const auto set = read(static_cast<std::uint8_t>(1U << bit));
    EXPECT_EQ(set.leap61, bit == 0);
    EXPECT_EQ(set.leap59, bit == 1);
    EXPECT_EQ(set.current_utc_offset_valid, bit == 2);
    EXPECT_EQ(set.ptp_timescale, bit == 3);
    EXPECT_EQ(set.time_traceable, bit == 4);
    EXPECT_EQ(set.frequency_traceable, bit == 5);
  }
}

TEST(TimePropertiesDataSet, CannotHaveBothLeaps) {
  const auto set = read_time_properties_data_set(
      bytes_of(response(test::kTimePropertiesId, test::time_properties_data(37, 3, 0x20))),
      exchange_of(7));
  EXPECT_EQ(set.error(), ManagementFault::kValue);
}

TEST(TimeStatus, GivesEveryField) {
  const auto status = read_time_status(
      bytes_of(response(test::kTimeStatusId, test::TimeStatusFields{}.data())), exchange_of(7));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->master_offset, nanoseconds{-42});
  EXPECT_EQ(status->ingress_time, nanoseconds{1'800'000'000'123'456'789});
  EXPECT_TRUE(status->grandmaster_present);
  EXPECT_EQ(status->grandmaster, kGrandmaster);
}

TEST(TimeStatus, HasOnlyTwoWordsForPresence) {
  const auto read = [](std::uint32_t present) {
    const auto data = test::TimeStatusFields{.present = present}.data();
    return read_time_status(bytes_of(response(test::kTimeStatusId, data)), exchange_of(7));
  };
  EXPECT_FALSE(read(0)->grandmaster_present);
  EXPECT_EQ(read(2).error(), ManagementFault::kValue);
  EXPECT_EQ(read(0xffff'ffff).error(), ManagementFault::kValue);
}

// From ptp4l 3.1.1 as a client of another over a veth pair, software time stamps.
TEST(ManagementResponse, ReadsPtp4ls) {
  const auto status = from_hex(
      "0d02006800000000000000000000000000000000020000fffe00000200004100047f021020304050607000010000"
      "02"
      "0000010034c000000000000000018c18eb2929e891bb1b0000000000000000000000000000000000000000000000"
      "00"
      "0001020000fffe000001");
  const auto current = from_hex(
      "0d02004800000000000000000000000000000000020000fffe00000200004101047f021020304050607000010000"
      "02"
      "00000100142001000100000000018c000000000000060b0000");
  const auto parent = from_hex(
      "0d02005600000000000000000000000000000000020000fffe00000200004102047f021020304050607000010000"
      "02"
      "00000100222002020000fffe00000100010000ffff7fffffff0a0621ffff80020000fffe000001");
  const auto properties = from_hex(
      "0d02003a00000000000000000000000000000000020000fffe00000200004103047f021020304050607000010000"
      "02"
      "0000010006200300250020");
  const auto read_status = read_time_status(bytes_of(status), exchange_of(0x4100));
  ASSERT_TRUE(read_status);
  EXPECT_EQ(read_status->master_offset, nanoseconds{396});
  EXPECT_EQ(read_status->ingress_time, nanoseconds{0x18eb'2929'e891'bb1b});
  EXPECT_TRUE(read_status->grandmaster_present);
  EXPECT_EQ(read_status->grandmaster, kGrandmaster);
  const auto read_current = read_current_data_set(bytes_of(current), exchange_of(0x4101));
  ASSERT_TRUE(read_current);
  EXPECT_EQ(read_current->steps_removed, 1);
  EXPECT_EQ(read_current->offset_from_master, nanoseconds{396});
  EXPECT_EQ(read_current->mean_path_delay, nanoseconds{1547});
  const auto read_parent = read_parent_data_set(bytes_of(parent), exchange_of(0x4102));
  ASSERT_TRUE(read_parent);
  EXPECT_EQ(read_parent->grandmaster_quality.clock_class, 6);
  EXPECT_EQ(read_parent->grandmaster_quality.clock_accuracy, 0x21);
  EXPECT_EQ(read_parent->grandmaster, kGrandmaster);
  const auto read_properties =
      read_time_properties_data_set(bytes_of(properties), exchange_of(0x4103));
  ASSERT_TRUE(read_properties);
  EXPECT_EQ(read_properties->current_utc_offset, 37);
  EXPECT_FALSE(read_properties->current_utc_offset_valid);
  EXPECT_EQ(read_properties->time_source, 0x20);
}

// The four readers as one, with a good response to each.
struct Kind {
  ManagementResponse good;
  std::optional<ManagementFault> (*read)(std::span<const std::byte>, const ManagementExchange&);

  [[nodiscard]] std::optional<ManagementFault> fault(const ManagementResponse& message) const {
    return read(bytes_of(message.build()), exchange_of(7));
  }
};

template <auto Reader>
std::optional<ManagementFault> fault_of(std::span<const std::byte> message,
                                        const ManagementExchange& exchange) {
  const auto result = Reader(message, exchange);
  return result ? std::nullopt : std::optional{result.error()};
}

std::array<Kind, 4> kinds() {
  const auto good = [](std::uint16_t id, const Octets& data) {
    return ManagementResponse{.sequence = 7, .id = id, .data = data};
  };
  return {{{good(test::kTimeStatusId, test::TimeStatusFields{}.data()), fault_of<read_time_status>},
           {good(test::kCurrentId, test::current_data(1, 0, 0)), fault_of<read_current_data_set>},
           {good(test::kParentId, test::ParentFields{}.data()), fault_of<read_parent_data_set>},
           {good(test::kTimePropertiesId, test::time_properties_data(37, 0, 0)),
            fault_of<read_time_properties_data_set>}}};
}

TEST(ManagementResponse, IsRefusedAtEveryOtherLength) {
  for (const auto& kind : kinds()) {
    const auto good = kind.good.build();
    EXPECT_EQ(kind.fault(kind.good), std::nullopt);
    for (std::size_t length = 0; length < good.size() + 8; ++length) {
      if (length == good.size()) continue;
      Octets cut = good;
      cut.resize(length);
      EXPECT_EQ(kind.read(bytes_of(cut), exchange_of(7)),
                length < 48 ? ManagementFault::kShort : ManagementFault::kLength)
          << length;
      if (length < 48) continue;
      // A message that calls this its length has a TLV that does not fit it.
      test::set16(cut, 2, length);
      EXPECT_EQ(kind.read(bytes_of(cut), exchange_of(7)), ManagementFault::kTlvLength) << length;
      // And one that makes the TLV fit has no room for the data set.
      if (length < 52) continue;
      test::set16(cut, 50, length - 52);
      EXPECT_EQ(kind.read(bytes_of(cut), exchange_of(7)), ManagementFault::kTlvLength) << length;
    }
  }
}

TEST(ManagementResponse, IsRefusedWhenItIsNotTheResponse) {
  for (const auto& kind : kinds()) {
    const auto with = [&kind](auto change) {
      ManagementResponse message = kind.good;
      change(message);
      return kind.fault(message);
    };
    using Message = ManagementResponse;
    EXPECT_EQ(with([](Message& m) { m.version = 0x12; }), std::nullopt);
    EXPECT_EQ(with([](Message& m) { m.version = 0x01; }), ManagementFault::kVersion);
    EXPECT_EQ(with([](Message& m) { m.message_type = 0x0b; }), ManagementFault::kKind);
    EXPECT_EQ(with([](Message& m) { m.message_type = 0x1d; }), ManagementFault::kKind);
    EXPECT_EQ(with([](Message& m) { m.domain = 1; }), ManagementFault::kKind);
    EXPECT_EQ(with([](Message& m) { m.length = 20; }), ManagementFault::kLength);
    EXPECT_EQ(with([](Message& m) { m.sequence = 8; }), ManagementFault::kSequence);
    EXPECT_EQ(with([](Message& m) { m.target[0] = 9; }), ManagementFault::kTarget);
    EXPECT_EQ(with([](Message& m) { m.target[9] = 2; }), ManagementFault::kTarget);
    for (const std::uint8_t action : Octets{0, 1, 3, 4})
      EXPECT_EQ(with([action](Message& m) { m.action = action; }), ManagementFault::kAction);
    EXPECT_EQ(with([](Message& m) { m.tlv_type = 3; }), ManagementFault::kTlvType);
    EXPECT_EQ(with([](Message& m) { m.tlv_length = 2; }), ManagementFault::kTlvLength);
    EXPECT_EQ(with([](Message& m) { m.tlv_length = 0xffff; }), ManagementFault::kTlvLength);
    EXPECT_EQ(with([](Message& m) { m.id = 0x2000; }), ManagementFault::kId);
  }
}

TEST(ManagementResponse, TellsAnErrorStatus) {
  // NO_SUCH_ID about the parent data set, without a text.
  const ManagementResponse refusal{
      .sequence = 7, .tlv_type = 2, .id = 0x0002, .data = from_hex("2002 00000000")};
  for (const auto& kind : kinds()) EXPECT_EQ(kind.fault(refusal), ManagementFault::kErrorStatus);
}

TEST(ManagementResponse, BelongsToItsExchange) {
  const ManagementExchange exchange{
      .major_sdo_id = 1, .domain = 24, .sequence = 0xffff, .self = kSelf};
  ManagementResponse message{.message_type = 0x1d,
                             .domain = 24,
                             .sequence = 0xffff,
                             .id = test::kTimePropertiesId,
                             .data = test::time_properties_data(37, 0, 0)};
  EXPECT_TRUE(read_time_properties_data_set(bytes_of(message.build()), exchange));
}

TEST(ManagementSequence, IsThatOfTheMessage) {
  const auto message = response(test::kCurrentId, test::current_data(1, 0, 0));
  EXPECT_EQ(management_sequence(bytes_of(message)), 7);
  EXPECT_EQ(management_sequence(bytes_of(message).first(47)), std::nullopt);
  EXPECT_EQ(management_source(bytes_of(message)),
            (PortIdentity{{0x02, 0, 0, 0xff, 0xfe, 0, 0, 2}, 0}));
  EXPECT_EQ(management_source(bytes_of(message).first(47)), std::nullopt);
}

}  // namespace
}  // namespace pollux::message
