#include "ptp/message/chrony_command.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "tests/support/peer_messages.h"

namespace pollux::message {
namespace {

using std::chrono::seconds;
using test::bytes_of;
using test::ChronyReply;
using test::from_hex;
using test::Octets;
using test::SourceFields;
using test::TrackingFields;

constexpr std::uint32_t kSequence = 0x0102'0304;

// What a reader has against a reply; nothing: it takes it.
template <auto Reader>
std::optional<ChronyFault> fault_of(std::span<const std::byte> reply) {
  const auto result = Reader(reply, kSequence);
  return result ? std::nullopt : std::optional{result.error()};
}

TEST(ChronyFloat, FollowsTheFormat) {
  // 7 bits of exponent, 25 of coefficient: c * 2^(e - 25).
  EXPECT_EQ(chrony_float(0), 0);
  EXPECT_EQ(chrony_float(0x0200'0001), 0x1p-24);      // e = 1, c = 1
  EXPECT_EQ(chrony_float(0x03ff'ffff), -0x1p-24);     // e = 1, c = -1
  EXPECT_EQ(chrony_float(0x0080'0000), 0.25);         // e = 0, c = 2^23
  EXPECT_EQ(chrony_float(0x7e80'0000), 0x1p61);       // e = 63, c = 2^23
  EXPECT_EQ(chrony_float(0x7eff'ffff), 0xffffffp38);  // largest
  EXPECT_EQ(chrony_float(0x7f00'0000), -0x1p62);      // smallest
  EXPECT_EQ(chrony_float(0x8000'0001), 0x1p-89);      // e = -64, c = 1
  EXPECT_EQ(chrony_float(0xfe80'0000), 0x1p-3);       // e = -1
}

TEST(ChronyFloat, ReadsWhatTheReferenceWrites) {
  for (const double value : {0.125, -0.125, 1.0, -3.0, 1e-9, -1e-9, 0.25001, 86'400.0})
    EXPECT_NEAR(chrony_float(test::chrony_float_of(value)), value, std::abs(value) * 0x1p-23);
}

TEST(ChronyRequest, IsAsLongAsTheReply) {
  std::array<std::byte, kLongestChronyMessage> room;
  EXPECT_EQ(write_tracking_request(room, kSequence), 104U);
  EXPECT_EQ(write_source_count_request(room, kSequence), 32U);
  EXPECT_EQ(write_source_data_request(room, kSequence, 7), 76U);
}

TEST(ChronyRequest, HasTheFieldsInTheirPlaces) {
  std::array<std::byte, kLongestChronyMessage> room;
  room.fill(std::byte{0xaa});
  ASSERT_EQ(write_source_data_request(room, kSequence, 7), 76U);
  Octets expected = from_hex(
      "06 01 0000 000f 0000 01020304 00000000 00000000"
      " 00000007");
  expected.resize(76);
  const auto* start = reinterpret_cast<const std::uint8_t*>(room.data());
  EXPECT_EQ(test::to_hex({start, start + 76}), test::to_hex(expected));
  EXPECT_EQ(room[76], std::byte{0xaa});
}

TEST(ChronyRequest, DoesNotFitASmallerRoom) {
  std::array<std::byte, kLongestChronyMessage> room{};
  const std::span all{room};
  EXPECT_EQ(write_tracking_request(all.first(103), 1), 0U);
  EXPECT_EQ(write_source_count_request(all.first(31), 1), 0U);
  EXPECT_EQ(write_source_data_request(all.first(75), 1, 1), 0U);
  EXPECT_EQ(room, (std::array<std::byte, kLongestChronyMessage>{}));
}

TEST(Tracking, GivesEveryField) {
  const auto tracking =
      read_tracking(bytes_of(TrackingFields{}.reply(kSequence).build()), kSequence);
  ASSERT_TRUE(tracking);
  EXPECT_EQ(tracking->reference_id, 0xc633'6407U);
  EXPECT_EQ(tracking->address.kind, ChronyAddressKind::kIpv4);
  EXPECT_EQ(tracking->address.octets[0], 198);
  EXPECT_EQ(tracking->address.octets[3], 7);
  EXPECT_EQ(tracking->stratum, 3);
  EXPECT_EQ(tracking->leap, clock::LeapIndicator::kNone);
  EXPECT_EQ(tracking->reference_seconds, 1'800'000'000);
  EXPECT_EQ(tracking->reference_nanoseconds, 250'000'000U);
  EXPECT_EQ(tracking->current_correction, 0.125);
  EXPECT_EQ(tracking->last_offset, -1);
  EXPECT_EQ(tracking->rms_offset, 2);
  EXPECT_EQ(tracking->frequency, -3);
  EXPECT_EQ(tracking->residual_frequency, 4);
  EXPECT_EQ(tracking->skew, 5);
  EXPECT_EQ(tracking->root_delay, 0.25);
  EXPECT_EQ(tracking->root_dispersion, 0.0625);
  EXPECT_EQ(tracking->last_update_interval, 16);
}

TEST(Tracking, ReadsBothWidthsOfSeconds) {
  const auto seconds_of = [](std::uint32_t high, std::uint32_t low) {
    const auto reply = TrackingFields{.seconds_high = high, .seconds_low = low}.reply(1).build();
    return read_tracking(bytes_of(reply), 1)->reference_seconds;
  };
  EXPECT_EQ(seconds_of(0x7fff'ffff, 5), 5);  // chronyd with 32 bits of time
  EXPECT_EQ(seconds_of(1, 5), 0x1'0000'0005);
  EXPECT_EQ(seconds_of(0xffff'ffff, 0xffff'ffff), -1);
}

// From chronyd 4.3 with two servers on loopback, the IPv6 one selected; chronyc said beside it:
// stratum 6, 1.420 us fast of NTP time, frequency 0.006 ppm fast, root delay 5.701 us.
TEST(Tracking, ReadsChronyds) {
  const auto reply = from_hex(
      "06020000002100050000000000000000010203040000000000000000cf404dc80000000000000000000000000000"
      "00"
      "010002000000060000000000006b0649772fe52e87dd416c1dd5554b51d69e04aff4c9f85ff128848df8fe3adce0"
      "bf"
      "4b38dafd625304824e09");
  const auto tracking = read_tracking(bytes_of(reply), kSequence);
  ASSERT_TRUE(tracking);
  EXPECT_EQ(tracking->reference_id, 0xcf40'4dc8U);
  EXPECT_EQ(tracking->address.kind, ChronyAddressKind::kIpv6);
  EXPECT_EQ(tracking->address.octets[15], 1);
  EXPECT_EQ(tracking->stratum, 6);
  EXPECT_EQ(tracking->leap, clock::LeapIndicator::kNone);
  EXPECT_NEAR(tracking->current_correction, -1.42e-6, 0.02e-6);
  EXPECT_NEAR(tracking->last_offset, -79e-9, 0.5e-9);
  EXPECT_NEAR(tracking->rms_offset, 147e-9, 0.5e-9);
  EXPECT_NEAR(tracking->root_delay, 5.701e-6, 0.0005e-6);
  EXPECT_NEAR(tracking->root_dispersion, 0.949e-6, 0.05e-6);
  EXPECT_NEAR(tracking->skew, 0.031, 0.0005);
}

TEST(Tracking, RefusesFieldsOutOfRange) {
  const auto fault = [](const TrackingFields& fields) {
    return fault_of<read_tracking>(bytes_of(fields.reply(kSequence).build()));
  };
  EXPECT_EQ(fault({.address = test::chrony_address(4, {})}), ChronyFault::kValue);
  EXPECT_EQ(fault({.stratum = 17}), ChronyFault::kValue);
  EXPECT_EQ(fault({.leap = 4}), ChronyFault::kValue);
  EXPECT_EQ(fault({.nanoseconds = 1'000'000'000}), ChronyFault::kValue);
  EXPECT_EQ(fault({.root_delay = -0.5}), ChronyFault::kValue);
  EXPECT_EQ(fault({.root_dispersion = -0.5}), ChronyFault::kValue);
}

TEST(SourceCount, GivesTheNumber) {
  EXPECT_EQ(read_source_count(bytes_of(test::source_count_reply(9, 4).build()), 9), 4U);
}

TEST(SourceData, GivesEveryField) {
  const auto source = read_source_data(
      bytes_of(SourceFields{.poll = -2, .flags = 3, .reachability = 0177}.reply(9).build()), 9);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->address.kind, ChronyAddressKind::kIpv4);
  EXPECT_EQ(source->address.octets[3], 7);
  EXPECT_EQ(source->reference_id, 0U);
  EXPECT_EQ(source->poll, -2);
  EXPECT_EQ(source->stratum, 2);
  EXPECT_EQ(source->state, ChronySourceState::kSelected);
  EXPECT_EQ(source->mode, ChronySourceMode::kClient);
  EXPECT_EQ(source->flags, 3);
  EXPECT_EQ(source->reachability, 0177);
  EXPECT_EQ(source->sample_age, seconds{10});
  EXPECT_EQ(source->error, 0.03125);
}

TEST(SourceData, TurnsTheSign) {
  const auto source = read_source_data(bytes_of(SourceFields{}.reply(9).build()), 9);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->original_offset, -0.5);
  EXPECT_EQ(source->offset, -0.25);
}

TEST(SourceData, TellsNoSampleFromAnOldOne) {
  const auto age = [](std::uint32_t since) {
    return read_source_data(bytes_of(SourceFields{.since_sample = since}.reply(9).build()), 9)
        ->sample_age;
  };
  EXPECT_EQ(age(0xffff'ffff), std::nullopt);
  EXPECT_EQ(age(0xffff'fffe), seconds{0xffff'fffe});
}

// From chronyd 4.3: a refclock PHC0 without a sample, an IPv4 server whose clock chronyc called
// 155 ns behind (+155ns +/- 2965ns), a name that does not resolve.
TEST(SourceData, ReadsChronyds) {
  const auto read = [](std::string_view hex, std::uint32_t sequence) {
    return read_source_data(bytes_of(from_hex(hex)), sequence).value_or(SourceData{.flags = 99});
  };
  const auto refclock = read(
      "06020000000f00030000000000000000010203060000000000000000504843300000000000000000000000000001"
      "0000"
      "000000000001000200000000ffffffff000000000000000000000000",
      0x0102'0306);
  EXPECT_EQ(refclock.mode, ChronySourceMode::kReference);
  EXPECT_EQ(refclock.reference_id, 0x5048'4330U);
  EXPECT_EQ(refclock.address, ChronyAddress{});
  EXPECT_EQ(refclock.sample_age, std::nullopt);
  const auto server = read(
      "06020000000f000300000000000000000102030700000000000000007f0000010000000000000000000000000001"
      "0000"
      "0000000500040000000000ff00000001d4a33571d6a5ea39dec70145",
      0x0102'0307);
  EXPECT_EQ(server.mode, ChronySourceMode::kClient);
  EXPECT_EQ(server.state, ChronySourceState::kUnselected);
  EXPECT_EQ(server.stratum, 5);
  EXPECT_EQ(server.reachability, 0377);
  EXPECT_NEAR(server.original_offset, -76e-9, 0.6e-9);
  EXPECT_NEAR(server.offset, -155e-9, 0.6e-9);
  EXPECT_NEAR(server.error, 2965e-9, 0.6e-9);
  const auto name = read(
      "06020000000f00030000000000000000010203080000000000000000000000010000000000000000000000000003"
      "0000"
      "000600000001000000000000ffffffff000000000000000000000000",
      0x0102'0308);
  EXPECT_EQ(name.address.kind, ChronyAddressKind::kUnresolved);
  EXPECT_EQ(name.sample_age, std::nullopt);
}

TEST(SourceData, RefusesFieldsOutOfRange) {
  const auto fault = [](const SourceFields& fields) {
    return fault_of<read_source_data>(bytes_of(fields.reply(kSequence).build()));
  };
  EXPECT_EQ(fault({.address = test::chrony_address(4, {})}), ChronyFault::kValue);
  EXPECT_EQ(fault({.address = test::chrony_address(0, {})}), ChronyFault::kValue);
  EXPECT_EQ(fault({.address = test::chrony_address(2, {}), .mode = 2}), ChronyFault::kValue);
  EXPECT_EQ(fault({.stratum = 17}), ChronyFault::kValue);
  EXPECT_EQ(fault({.state = 6}), ChronyFault::kValue);
  EXPECT_EQ(fault({.mode = 3}), ChronyFault::kValue);
  EXPECT_EQ(fault({.reachability = 256}), ChronyFault::kValue);
  EXPECT_EQ(fault({.error = -0.5}), ChronyFault::kValue);
}

// The three readers as one, with a good reply to each.
struct Kind {
  Octets good;
  std::optional<ChronyFault> (*read)(std::span<const std::byte>);
};

std::array<Kind, 3> kinds() {
  return {{{TrackingFields{}.reply(kSequence).build(), fault_of<read_tracking>},
           {test::source_count_reply(kSequence, 1).build(), fault_of<read_source_count>},
           {SourceFields{}.reply(kSequence).build(), fault_of<read_source_data>}}};
}

TEST(ChronyReply, IsRefusedAtEveryOtherLength) {
  for (const auto& kind : kinds()) {
    EXPECT_EQ(kind.read(bytes_of(kind.good)), std::nullopt);
    for (std::size_t length = 0; length < kind.good.size() + 8; ++length) {
      if (length == kind.good.size()) continue;
      Octets cut = kind.good;
      cut.resize(length);
      EXPECT_EQ(kind.read(bytes_of(cut)), length < 28 ? ChronyFault::kShort : ChronyFault::kLength)
          << length;
    }
  }
}

TEST(ChronyReply, IsRefusedWithAnyWrongFieldOfTheHeader) {
  struct Change {
    std::size_t at;
    std::uint8_t value;
    ChronyFault fault;
  };
  for (const auto& kind : kinds()) {
    for (const auto& [at, value, fault] :
         std::array{Change{0, 5, ChronyFault::kVersion}, Change{0, 7, ChronyFault::kVersion},
                    Change{1, 1, ChronyFault::kKind}, Change{2, 1, ChronyFault::kKind},
                    Change{3, 1, ChronyFault::kKind}, Change{4, 1, ChronyFault::kCommand},
                    Change{5, 34, ChronyFault::kCommand}, Change{6, 1, ChronyFault::kReplyType},
                    Change{7, 1, ChronyFault::kReplyType}, Change{8, 1, ChronyFault::kStatus},
                    Change{9, 2, ChronyFault::kStatus}, Change{9, 4, ChronyFault::kNoSuchSource},
                    Change{16, 9, ChronyFault::kSequence}, Change{19, 9, ChronyFault::kSequence}}) {
      Octets changed = kind.good;
      changed[at] = value;
      EXPECT_EQ(kind.read(bytes_of(changed)), fault) << "octet " << at;
    }
  }
}

// From chronyd 4.3: a request that is too short, a command without the right to it, a request of
// version 5, the data of a source that it does not have.
TEST(ChronyReply, RefusesChronydsRefusals) {
  const auto fault = [](std::string_view hex, std::uint32_t sequence) {
    return read_tracking(bytes_of(from_hex(hex)), sequence).error();
  };
  EXPECT_EQ(fault("06020000002100010013000000000000000000070000000000000000", 7),
            ChronyFault::kStatus);
  EXPECT_EQ(fault("06020000003000010002000000000000000000080000000000000000", 8),
            ChronyFault::kCommand);
  EXPECT_EQ(fault("06020000002100010012000000000000000000090000000000000000", 9),
            ChronyFault::kStatus);
  EXPECT_EQ(read_source_data(
                bytes_of(from_hex("06020000000f000100040000000000000102030a0000000000000000")),
                0x0102'030a)
                .error(),
            ChronyFault::kNoSuchSource);
}

TEST(ChronySequence, IsThatOfTheReply) {
  const auto reply = TrackingFields{}.reply(kSequence).build();
  EXPECT_EQ(chrony_sequence(bytes_of(reply)), kSequence);
  EXPECT_EQ(chrony_sequence(bytes_of(reply).first(28)), kSequence);
  EXPECT_EQ(chrony_sequence(bytes_of(reply).first(27)), std::nullopt);
}

}  // namespace
}  // namespace pollux::message
