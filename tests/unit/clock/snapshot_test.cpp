#include "ptp/clock/snapshot.h"

#include <gtest/gtest.h>

namespace pollux::clock {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr HeaderFields kFields{.leap = LeapIndicator::kDelete,
                               .stratum = 0xab,
                               .precision = -25,
                               .root_delay = 0x0102'0304,
                               .root_dispersion = 0x0506'0708,
                               .reference_id = 0x4750'5300};

TEST(Snapshot, PackedHeaderLiesAsInRfc5905Figure8) {
  const PackedHeader header = pack(kFields);
  //  LI=2 | stratum | poll (the request's) | precision | root delay
  EXPECT_EQ(header.first, 0x80'ab'00'e7'0102'0304ULL);
  EXPECT_EQ(header.second, 0x0506'0708'4750'5300ULL);
}

TEST(Snapshot, PackingLosesNothing) {
  for (const auto leap : {LeapIndicator::kNone, LeapIndicator::kInsert, LeapIndicator::kDelete,
                          LeapIndicator::kUnsynchronised}) {
    for (const int precision : {-128, -32, -1, 0, 127}) {
      HeaderFields fields = kFields;
      fields.leap = leap;
      fields.precision = static_cast<std::int8_t>(precision);
      const HeaderFields back = unpack(pack(fields));
      EXPECT_EQ(back.leap, leap);
      EXPECT_EQ(back.precision, precision);
      EXPECT_EQ(back.stratum, fields.stratum);
      EXPECT_EQ(back.root_delay, fields.root_delay);
      EXPECT_EQ(back.root_dispersion, fields.root_dispersion);
      EXPECT_EQ(back.reference_id, fields.reference_id);
    }
  }
}

TEST(Snapshot, LeavesRoomForVersionModeAndPoll) {
  const PackedHeader header = pack({.leap = LeapIndicator::kUnsynchronised,
                                    .stratum = 255,
                                    .precision = -1,
                                    .root_delay = 0xffff'ffff,
                                    .root_dispersion = 0xffff'ffff,
                                    .reference_id = 0xffff'ffff});
  EXPECT_EQ(header.first & 0x3f00'ff00'0000'0000U, 0U);
}

TEST(Snapshot, ShortFormatRoundsUpAndSaturates) {
  EXPECT_EQ(to_ntp_short(nanoseconds{0}), 0U);
  EXPECT_EQ(to_ntp_short(nanoseconds{-5}), 0U);
  EXPECT_EQ(to_ntp_short(nanoseconds{1}), 1U);
  EXPECT_EQ(to_ntp_short(nanoseconds{15'258}), 1U);  // 2^-16 s is 15258.8 ns
  EXPECT_EQ(to_ntp_short(nanoseconds{15'259}), 2U);
  EXPECT_EQ(to_ntp_short(seconds{1}), 0x1'0000U);
  EXPECT_EQ(to_ntp_short(seconds{1} + nanoseconds{1}), 0x1'0001U);
  EXPECT_EQ(to_ntp_short(seconds{65'535}), 0xffff'0000U);
  EXPECT_EQ(to_ntp_short(seconds{65'536} - nanoseconds{1}), 0xffff'ffffU);
  EXPECT_EQ(to_ntp_short(seconds{65'536}), 0xffff'ffffU);
  EXPECT_EQ(to_ntp_short(nanoseconds::max()), 0xffff'ffffU);
}

TEST(Snapshot, UnsynchronisedHeaderSaysStratum0AndLeap3) {
  const HeaderFields fields = unsynchronised_header(-24, 0x494e'4954);
  EXPECT_EQ(fields.leap, LeapIndicator::kUnsynchronised);
  EXPECT_EQ(fields.stratum, 0);
  EXPECT_EQ(fields.precision, -24);
  EXPECT_EQ(fields.root_delay, 0U);
  EXPECT_EQ(fields.root_dispersion, 0x1'0000U);
  EXPECT_EQ(fields.reference_id, 0x494e'4954U);
}

}  // namespace
}  // namespace pollux::clock
