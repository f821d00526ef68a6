#include "ptp/clock/time.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/octets.h"

namespace pollux::clock {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSecond = std::uint64_t{1} << 32;

UtcTime utc(int year, unsigned month, unsigned day, seconds of_day,
            nanoseconds fraction = nanoseconds{0}) {
  const std::chrono::sys_days date{std::chrono::year{year} / static_cast<int>(month) /
                                   static_cast<int>(day)};
  return UtcTime{nanoseconds{date.time_since_epoch()} + of_day + fraction};
}

TEST(Time, KnownInstantsOfRfc5905Figure4) {
  struct Row {
    const char* name;
    UtcTime time;
    std::uint64_t seconds;
  };
  const std::array rows{
      Row{"prime epoch", utc(1900, 1, 1, seconds{0}), 0},
      Row{"first day of UNIX", utc(1970, 1, 1, seconds{0}), 2'208'988'800},
      Row{"first day of UTC", utc(1972, 1, 1, seconds{0}), 2'272'060'800},
      Row{"last day of the 20th century", utc(1999, 12, 31, seconds{0}), 3'155'587'200},
      Row{"last second of era 0", utc(2036, 2, 7, seconds{6 * 3600 + 28 * 60 + 15}), 0xffff'ffff},
      Row{"first second of era 1", utc(2036, 2, 7, seconds{6 * 3600 + 28 * 60 + 16}), 0},
      Row{"in era 1", utc(2036, 2, 8, seconds{0}), 63'104},
  };
  for (const auto& row : rows) EXPECT_EQ(to_ntp(row.time).units, row.seconds << 32) << row.name;
}

TEST(Time, FractionsBeforeTheUnixEpochCountForward) {
  EXPECT_EQ(to_ntp(UtcTime{nanoseconds{-500'000'000}}).units,
            (2'208'988'799ULL << 32) + kSecond / 2);
  EXPECT_EQ(to_ntp(UtcTime{nanoseconds{-1'250'000'000}}).units,
            (2'208'988'798ULL << 32) + kSecond / 4 * 3);
}

TEST(Time, DifferencesHoldAcrossTheEraBoundary) {
  const NtpTime before{0xffff'ffff'8000'0000};
  const NtpTime after{0x0000'0000'4000'0000};
  EXPECT_EQ((after - before).units, static_cast<std::int64_t>(kSecond * 3 / 4));
  EXPECT_EQ((before - after).units, -static_cast<std::int64_t>(kSecond * 3 / 4));
  EXPECT_EQ(before + NtpDuration{static_cast<std::int64_t>(kSecond)},
            NtpTime{0x0000'0000'8000'0000});
  EXPECT_EQ(after + NtpDuration{-static_cast<std::int64_t>(kSecond)},
            NtpTime{0xffff'ffff'4000'0000});
}

TEST(Time, CounterDifferencesAreSignedAndSurviveAWrap) {
  EXPECT_EQ(Counter{5} - Counter{9}, -4);
  EXPECT_EQ(Counter{3} - Counter{~std::uint64_t{0} - 1}, 5);
  EXPECT_EQ(Counter{2} + std::int64_t{-5}, Counter{~std::uint64_t{0} - 2});
}

TEST(Time, NtpToNanosecondsRoundsDown) {
  EXPECT_EQ(to_nanoseconds({0}), nanoseconds{0});
  EXPECT_EQ(to_nanoseconds({4}), nanoseconds{0});  // 0.93 ns
  EXPECT_EQ(to_nanoseconds({5}), nanoseconds{1});  // 1.16 ns
  EXPECT_EQ(to_nanoseconds({-1}), nanoseconds{-1});
  EXPECT_EQ(to_nanoseconds({-5}), nanoseconds{-2});
  EXPECT_EQ(to_nanoseconds({static_cast<std::int64_t>(kSecond)}), nanoseconds{1'000'000'000});
  EXPECT_EQ(to_nanoseconds({-static_cast<std::int64_t>(kSecond) / 2}), nanoseconds{-500'000'000});
  EXPECT_EQ(to_nanoseconds({INT64_MIN}), seconds{-2'147'483'648LL});
}

TEST(Time, NanosecondsToNtpIsExactWhereTheFractionIsBinary) {
  EXPECT_EQ(to_ntp_duration(seconds{1}).units, static_cast<std::int64_t>(kSecond));
  EXPECT_EQ(to_ntp_duration(seconds{-3}).units, -3 * static_cast<std::int64_t>(kSecond));
  EXPECT_EQ(to_ntp_duration(nanoseconds{500'000'000}).units,
            static_cast<std::int64_t>(kSecond / 2));
  EXPECT_EQ(to_ntp_duration(nanoseconds{1'953'125}).units,
            static_cast<std::int64_t>(kSecond >> 9U));
  EXPECT_EQ(to_ntp_duration(seconds{2'147'483'647}).units,
            2'147'483'647 * static_cast<std::int64_t>(kSecond));
}

TEST(Time, NanosecondsToNtpIsWithinOneUnit) {
  __extension__ using Wide = __int128;
  test::Random random{1};
  for (int i = 0; i < 100'000; ++i) {
    // +-2.1e18 ns, the range of 2^31 s.
    const auto ns = static_cast<std::int64_t>(random.next() % 4'200'000'000'000'000'000) -
                    2'100'000'000'000'000'000;
    const auto units = to_ntp_duration(nanoseconds{ns}).units;
    const Wide error = static_cast<Wide>(units) * 1'000'000'000 - (static_cast<Wide>(ns) << 32);
    EXPECT_LT(error < 0 ? -error : error, 1'000'000'000) << ns;
    const auto back = to_nanoseconds({units}).count();
    EXPECT_LE(back > ns ? back - ns : ns - back, 1) << ns;
  }
}

TEST(Time, TheEraComesFromANearbyTime) {
  const UtcTime in_2025 = utc(2025, 6, 1, seconds{0});
  const UtcTime in_2036 = utc(2036, 2, 8, seconds{0});
  const UtcTime in_2090 = utc(2090, 1, 1, seconds{0});
  EXPECT_EQ(to_utc(to_ntp(in_2025), in_2036), in_2025);
  EXPECT_EQ(to_utc(to_ntp(in_2036), in_2025), in_2036);
  EXPECT_EQ(to_utc(to_ntp(in_2090), in_2036), in_2090);
  // One unit is 0.23 ns, so that a nanosecond may be lost on the way there and back.
  const auto lost = in_2036 - nanoseconds{1} - to_utc(to_ntp(in_2036 - nanoseconds{1}), in_2036);
  EXPECT_LE(abs(lost), nanoseconds{1});
}

TEST(Time, TaiIsAheadOfUtc) {
  EXPECT_EQ(to_utc(TaiTime{seconds{1'000'000'037}}, seconds{37}), UtcTime{seconds{1'000'000'000}});
}

template <typename A, typename B>
concept Subtractable = requires(A a, B b) { a - b; };
template <typename A, typename B>
concept Comparable = requires(A a, B b) { a < b; };

// RFC 5905 §6: there is no order in NTP time, only differences have a sign.
static_assert(!Comparable<NtpTime, NtpTime>);
static_assert(!Subtractable<UtcTime, TaiTime>);
static_assert(!Subtractable<NtpTime, UtcTime>);
static_assert(!Subtractable<Counter, NtpTime>);
static_assert(Subtractable<UtcTime, UtcTime>);

}  // namespace
}  // namespace pollux::clock
