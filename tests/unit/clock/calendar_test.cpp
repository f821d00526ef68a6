#include "ptp/clock/calendar.h"

#include <gtest/gtest.h>

#include <string>

namespace pollux::clock {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// 2030-01-01 00:00:00 UTC in TAI by the offset before.
constexpr std::int64_t kNtpMidnight = 4'102'444'800;
constexpr TaiTime kMidnight{seconds{kNtpMidnight - kUnixEpochInNtpSeconds + 37}};

LeapTable table(int change, std::int64_t expiry = kNtpMidnight + 86'400 * 100) {
  std::string text = "#@ " + std::to_string(expiry) + "\n3692217600 37\n";
  if (change != 0) text += std::to_string(kNtpMidnight) + ' ' + std::to_string(37 + change) + '\n';
  return LeapTable::parse(text).value();
}

class CalendarLeap : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] static TaiTime instant() {
    return GetParam() > 0 ? kMidnight : kMidnight - seconds{1};
  }
  [[nodiscard]] static LeapIndicator indicator() {
    return GetParam() > 0 ? LeapIndicator::kInsert : LeapIndicator::kDelete;
  }
  void expect_leap() {
    calendar_.advance(instant() - milliseconds{1});
    EXPECT_EQ(calendar_.leapt(), seconds{0});
    EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37});
    ASSERT_TRUE(calendar_.pending());
    EXPECT_EQ(*calendar_.pending(), (Leap{.at = instant(), .change = seconds{GetParam()}}));
    calendar_.advance(instant());
    EXPECT_EQ(calendar_.leapt(), seconds{GetParam()});
    EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37 + GetParam()});
    EXPECT_FALSE(calendar_.pending());
    calendar_.advance(instant() + milliseconds{125});
    EXPECT_EQ(calendar_.leapt(), seconds{0});
  }

  Calendar calendar_;
};

TEST_P(CalendarLeap, OfTheTableIsPendingForADay) {
  calendar_.set_table(table(GetParam()));
  calendar_.advance(instant() - hours{24} - milliseconds{1});
  EXPECT_FALSE(calendar_.pending());
  calendar_.advance(instant() - hours{24});
  EXPECT_TRUE(calendar_.pending());
  expect_leap();
  calendar_.advance(instant() + hours{24 * 30});
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37 + GetParam()});
  EXPECT_EQ(calendar_.corrected(), seconds{0});
}

TEST_P(CalendarLeap, IsAnnouncedWithoutATable) {
  calendar_.advance(instant() - hours{2});
  calendar_.announce(indicator());
  calendar_.advance(instant() - hours{1});
  EXPECT_TRUE(calendar_.pending());
  expect_leap();
  // Nobody told another offset.
  calendar_.advance(instant() + hours{1});
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37 + GetParam()});
}

TEST_P(CalendarLeap, IsWithdrawn) {
  calendar_.advance(instant() - hours{2});
  calendar_.announce(indicator());
  calendar_.advance(instant() - hours{1});
  calendar_.announce(LeapIndicator::kNone);
  calendar_.advance(instant() - minutes{30});
  EXPECT_FALSE(calendar_.pending());
  calendar_.advance(instant() + minutes{2});
  EXPECT_EQ(calendar_.leapt(), seconds{0});
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37});
}

TEST_P(CalendarLeap, AnAnnouncementThatOutlivesItsLeapIsNoOther) {
  calendar_.advance(instant() - hours{1});
  calendar_.announce(indicator());
  calendar_.advance(instant() - minutes{1});
  expect_leap();
  for (int hour = 0; hour < 48; ++hour) {
    calendar_.announce(indicator());
    calendar_.advance(instant() + hours{1 + hour});
    ASSERT_FALSE(calendar_.pending()) << hour;
  }
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37 + GetParam()});
  calendar_.announce(LeapIndicator::kNone);
  calendar_.announce(indicator());
  calendar_.advance(instant() + hours{50});
  EXPECT_TRUE(calendar_.pending());
}

TEST_P(CalendarLeap, TheTableCountsMoreThanAnAnnouncement) {
  calendar_.set_table(table(0));
  calendar_.announce(indicator());
  calendar_.advance(instant() - hours{1});
  EXPECT_FALSE(calendar_.pending());
  calendar_.set_table(table(GetParam()));
  calendar_.announce(GetParam() > 0 ? LeapIndicator::kDelete : LeapIndicator::kInsert);
  calendar_.advance(instant() - minutes{30});
  expect_leap();
}

TEST_P(CalendarLeap, AnExpiredTableKeepsItsOffsetAndAnnouncesNothing) {
  calendar_.set_table(table(GetParam(), kNtpMidnight - 86'400));
  calendar_.advance(instant() - hours{23});
  EXPECT_TRUE(calendar_.table_is_expired(instant() - hours{23}));
  EXPECT_FALSE(calendar_.pending());
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37});
  EXPECT_TRUE(calendar_.offset_is_known());
  calendar_.advance(instant() + hours{1});
  EXPECT_EQ(calendar_.leapt(), seconds{0});
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37});
}

// The kernel announces what a table could not know; the table does not undo it afterwards.
TEST_P(CalendarLeap, AnExpiredTableDoesNotUndoAnAnnouncedLeap) {
  calendar_.set_table(table(0, kNtpMidnight - 86'400 * 10));
  calendar_.tell_offset(seconds{37});
  calendar_.advance(instant() - hours{2});
  calendar_.announce(indicator());
  calendar_.advance(instant() - hours{1});
  expect_leap();
  for (const auto later : {hours{1}, hours{24 * 100}}) {
    calendar_.advance(instant() + later);
    EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37 + GetParam()});
    EXPECT_EQ(calendar_.corrected(), seconds{0});
  }
}

TEST_P(CalendarLeap, ClocksThatShowUtcAreNotReadNearIt) {
  calendar_.set_table(table(GetParam()));
  calendar_.advance(instant() - hours{1});
  EXPECT_FALSE(calendar_.is_unreadable(instant() - seconds{5}));
  EXPECT_TRUE(calendar_.is_unreadable(instant() - milliseconds{4'999}));
  expect_leap();
  EXPECT_TRUE(calendar_.is_unreadable(instant() + milliseconds{4'999}));
  EXPECT_FALSE(calendar_.is_unreadable(instant() + seconds{5}));
}

// A clock that was set wrong went through a leap that is still to come, and came back.
TEST_P(CalendarLeap, OfAFutureThatWasWrongIsForgotten) {
  calendar_.set_table(table(GetParam()));
  calendar_.advance(instant() - seconds{1});
  calendar_.advance(instant());
  const TaiTime now = instant() - hours{24 * 365};
  calendar_.advance(now);
  EXPECT_EQ(calendar_.tai_minus_utc(), seconds{37});
  EXPECT_EQ(calendar_.corrected(), seconds{-GetParam()});
  EXPECT_FALSE(calendar_.is_unreadable(now));
}

INSTANTIATE_TEST_SUITE_P(Changes, CalendarLeap, testing::Values(1, -1));

TEST(Calendar, AssumesTheOffsetSince2017ButDoesNotCallItKnown) {
  Calendar calendar;
  calendar.advance(kMidnight);
  EXPECT_EQ(calendar.tai_minus_utc(), seconds{37});
  EXPECT_FALSE(calendar.offset_is_known());
  EXPECT_FALSE(calendar.has_table());
  EXPECT_FALSE(calendar.table_is_expired(kMidnight));
}

TEST(Calendar, CorrectsTheOffsetByWhatIsTold) {
  Calendar calendar;
  calendar.advance(kMidnight);
  calendar.tell_offset(seconds{35});
  calendar.advance(kMidnight + seconds{1});
  EXPECT_EQ(calendar.corrected(), seconds{-2});
  EXPECT_EQ(calendar.tai_minus_utc(), seconds{35});
  EXPECT_TRUE(calendar.offset_is_known());
  calendar.advance(kMidnight + seconds{2});
  EXPECT_EQ(calendar.corrected(), seconds{0});
  // A table knows better.
  calendar.set_table(table(0));
  calendar.advance(kMidnight + seconds{3});
  EXPECT_EQ(calendar.corrected(), seconds{2});
  calendar.set_table(std::nullopt);
  calendar.advance(kMidnight + seconds{4});
  EXPECT_EQ(calendar.corrected(), seconds{-2});
}

// Others move their offset somewhat earlier or later than the leap.
TEST(Calendar, CorrectsNothingWithinAMinuteOfALeap) {
  Calendar calendar;
  calendar.tell_offset(seconds{37});
  calendar.announce(LeapIndicator::kInsert);
  calendar.advance(kMidnight - hours{1});
  calendar.tell_offset(seconds{38});
  calendar.advance(kMidnight - seconds{30});
  EXPECT_EQ(calendar.corrected(), seconds{0});
  calendar.tell_offset(seconds{37});
  calendar.advance(kMidnight);
  EXPECT_EQ(calendar.leapt(), seconds{1});
  calendar.advance(kMidnight + seconds{59});
  EXPECT_EQ(calendar.corrected(), seconds{0});
  calendar.tell_offset(seconds{38});
  calendar.advance(kMidnight + seconds{61});
  EXPECT_EQ(calendar.corrected(), seconds{0});
  EXPECT_EQ(calendar.tai_minus_utc(), seconds{38});
}

}  // namespace
}  // namespace pollux::clock
