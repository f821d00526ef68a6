#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "ptp/clock/leap.h"

namespace pollux::clock {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using Error = LeapTable::Error;

constexpr nanoseconds kNs{1};

// Three entries: the leaps to 37 at 2017-01-01, and to a supposed 36 at 2030-01-01.
constexpr char kTable[] =
    "#$ 3676924800\n"
    "#@\t4102444800\n"  // 2030-01-01, the expiry, is an instant like another
    "# a comment\n"
    "3644697600\t36\t# 1 Jul 2015\n"
    "3692217600\t37 # 1 Jan 2017\n"
    "\n"
    "4102444800 36\n"
    "#h 1 2 3 4 5\n";
constexpr UtcTime k2017{seconds{3'692'217'600 - kUnixEpochInNtpSeconds}};
constexpr UtcTime k2030{seconds{4'102'444'800 - kUnixEpochInNtpSeconds}};

TaiTime tai(UtcTime utc, int offset) { return TaiTime{utc.time_since_epoch() + seconds{offset}}; }

LeapTable table_of(std::string_view text) {
  const auto table = LeapTable::parse(text);
  EXPECT_TRUE(table.has_value());
  return table.value_or(LeapTable{});
}

TEST(LeapTable, IsExactAtItsInstants) {
  const LeapTable table = table_of(kTable);
  EXPECT_EQ(table.expires(), k2030);
  // Inserted: the offset holds from midnight on, which is 23:59:60 + 1 s in TAI.
  const TaiTime inserted = tai(k2017, 36);
  EXPECT_EQ(table.offset_at(inserted - kNs), seconds{36});
  EXPECT_EQ(table.offset_at(inserted), seconds{37});
  // Deleted: 23:59:59 does not exist.
  const TaiTime deleted = tai(k2030, 37) - seconds{1};
  EXPECT_EQ(table.offset_at(deleted - kNs), seconds{37});
  EXPECT_EQ(table.offset_at(deleted), seconds{36});
  EXPECT_EQ(table.offset_at(TaiTime{}), seconds{36});
  EXPECT_EQ(table.offset_at(tai(k2030, 36) + std::chrono::hours{24 * 3'650}), seconds{36});

  const Leap first{.at = inserted, .change = seconds{1}};
  const Leap second{.at = deleted, .change = seconds{-1}};
  EXPECT_EQ(table.next_after(TaiTime{}), first);
  EXPECT_EQ(table.next_after(inserted - kNs), first);
  EXPECT_EQ(table.next_after(inserted), second);
  EXPECT_EQ(table.next_after(deleted - kNs), second);
  EXPECT_EQ(table.next_after(deleted), std::nullopt);
  EXPECT_EQ(first.indicator(), LeapIndicator::kInsert);
  EXPECT_EQ(second.indicator(), LeapIndicator::kDelete);
}

TEST(LeapTable, TakesLineEndingsOfAllKinds) {
  std::string text = kTable;
  text.pop_back();
  EXPECT_EQ(table_of(text).expires(), k2030);
  EXPECT_EQ(table_of("#@ 4102444800\n3692217600 37").offset_at(TaiTime{}), seconds{37});
  EXPECT_EQ(table_of("3692217600 37\r\n#@ 4102444800\r\n\r\n").expires(), k2030);
  EXPECT_EQ(table_of("#@ 4102444800\n  3692217600   37  \n").offset_at(TaiTime{}), seconds{37});
}

struct HostileTable {
  const char* name;
  std::string text;
  Error error;
  std::size_t line;
};

std::string many_entries(std::size_t count) {
  std::string text = "#@ 4102444800\n";
  for (std::size_t i = 0; i < count; ++i)
    text += std::to_string(2'272'060'800 + i * 31'536'000) + (i % 2 == 0 ? " 10\n" : " 11\n");
  return text;
}

class HostileTables : public testing::TestWithParam<HostileTable> {};

TEST_P(HostileTables, AreRefused) {
  const auto table = LeapTable::parse(GetParam().text);
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().error, GetParam().error);
  EXPECT_EQ(table.error().line, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, HostileTables,
    testing::Values(
        HostileTable{"Empty", "", Error::kNoExpiry, 0},
        HostileTable{"NoExpiry", "3692217600 37\n", Error::kNoExpiry, 1},
        HostileTable{"NoEntry", "#@ 4102444800\n# nothing\n", Error::kNoExpiry, 2},
        HostileTable{"EmptyExpiry", "#@\n3692217600 37\n", Error::kSyntax, 1},
        HostileTable{"WordyExpiry", "#@ soon\n3692217600 37\n", Error::kSyntax, 1},
        HostileTable{"ExpiryWithRest", "#@ 4102444800x\n3692217600 37\n", Error::kSyntax, 1},
        HostileTable{"NoOffset", "#@ 4102444800\n3692217600\n", Error::kSyntax, 2},
        HostileTable{"Words", "#@ 4102444800\n<html>\n", Error::kSyntax, 2},
        HostileTable{"RestAfterEntry", "#@ 4102444800\n3692217600 37 38\n", Error::kSyntax, 2},
        HostileTable{"Fraction", "#@ 4102444800\n3692217600 37.5\n", Error::kSyntax, 2},
        HostileTable{"Negative", "#@ 4102444800\n-3692217600 37\n", Error::kSyntax, 2},
        HostileTable{"NegativeOffset", "#@ 4102444800\n3692217600 -37\n", Error::kSyntax, 2},
        HostileTable{"HugeInstant", "#@ 4102444800\n99999999999 37\n", Error::kSyntax, 2},
        HostileTable{"HugerInstant", "#@ 4102444800\n99999999999999999999999 37\n", Error::kSyntax,
                     2},
        HostileTable{"HugeExpiry", "#@ 18446744073709551615\n3692217600 37\n", Error::kSyntax, 1},
        HostileTable{"HugeOffset", "#@ 4102444800\n8589934591 8589934591\n", Error::kSyntax, 2},
        HostileTable{"Nul", std::string("#@ 4102444800\n3692217600\0 37\n", 30), Error::kSyntax, 2},
        HostileTable{"NulLine", std::string("#@ 4102444800\n\0\n", 16), Error::kSyntax, 2},
        HostileTable{"Disorder", "#@ 4102444800\n3692217600 36\n3644697600 37\n", Error::kOrder, 3},
        HostileTable{"Twice", "#@ 4102444800\n3692217600 36\n3692217600 37\n", Error::kOrder, 3},
        HostileTable{"TwoSeconds", "#@ 4102444800\n3644697600 35\n3692217600 37\n", Error::kOrder,
                     3},
        HostileTable{"NoChange", "#@ 4102444800\n3644697600 37\n3692217600 37\n", Error::kOrder, 3},
        HostileTable{"TooLong", many_entries(LeapTable::kMaximumEntries + 1), Error::kTooLong,
                     LeapTable::kMaximumEntries + 2}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(LeapTable, AsLongAsAllowedIsTaken) {
  const LeapTable table = table_of(many_entries(LeapTable::kMaximumEntries));
  EXPECT_EQ(table.offset_at(TaiTime::max()), seconds{11});
}

TEST(LeapTable, TakesTheOneOfThisMachine) {
  std::ifstream file{"/usr/share/zoneinfo/leap-seconds.list"};
  if (!file) GTEST_SKIP() << "no /usr/share/zoneinfo/leap-seconds.list here (package tzdata)";
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const LeapTable table = table_of(text);
  EXPECT_EQ(table.offset_at(TaiTime{}), seconds{10});
  EXPECT_EQ(table.offset_at(tai(k2017, 36) - kNs), seconds{36});
  EXPECT_EQ(table.offset_at(tai(k2017, 36)), seconds{37});
  EXPECT_GT(table.expires(), k2017);
}

TEST(LeapTonight, IsAtTheEndOfTheUtcDay) {
  const TaiTime midnight = tai(k2030, 37);
  for (const nanoseconds before : {nanoseconds{seconds{86'400}}, nanoseconds{seconds{2}}}) {
    const auto inserted = leap_tonight(LeapIndicator::kInsert, midnight - before, seconds{37});
    EXPECT_EQ(inserted, (Leap{.at = midnight, .change = seconds{1}}));
    const auto deleted = leap_tonight(LeapIndicator::kDelete, midnight - before, seconds{37});
    EXPECT_EQ(deleted, (Leap{.at = midnight - seconds{1}, .change = seconds{-1}}));
  }
  const auto next = leap_tonight(LeapIndicator::kInsert, midnight, seconds{37});
  EXPECT_EQ(next, (Leap{.at = midnight + seconds{86'400}, .change = seconds{1}}));
  EXPECT_EQ(leap_tonight(LeapIndicator::kNone, midnight, seconds{37}), std::nullopt);
  EXPECT_EQ(leap_tonight(LeapIndicator::kUnsynchronised, midnight, seconds{37}), std::nullopt);
}

}  // namespace
}  // namespace pollux::clock
