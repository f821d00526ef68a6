#include "ptp/clock/served_clock.h"

#include <gtest/gtest.h>

#include "tests/support/known_clock.h"

namespace pollux::clock {
namespace {

using test::kKnownCounter;
using test::kKnownTime;
using test::known_snapshot;

constexpr std::int64_t kSecond = std::int64_t{1} << 32;

Counter counter(std::int64_t units) { return Counter{kKnownCounter} + units; }
NtpTime time(std::int64_t units) { return NtpTime{kKnownTime} + NtpDuration{units}; }

ServedClock clock_showing(SnapshotLatch& latch, const Snapshot& snapshot) {
  latch.publish(snapshot);
  ServedClock clock{latch};
  clock.refresh();
  return clock;
}

TEST(ServedClock, UnsynchronisedBeforeTheFirstPublish) {
  const SnapshotLatch latch;
  ServedClock clock{latch};
  clock.refresh();
  const auto header = unpack(clock.at({100}, {200}).header);
  EXPECT_EQ(header.leap, LeapIndicator::kUnsynchronised);
  EXPECT_EQ(header.stratum, 0);
}

TEST(ServedClock, ServesTheSnapshot) {
  SnapshotLatch latch;
  const auto served = clock_showing(latch, known_snapshot()).at(counter(10), counter(25));
  EXPECT_EQ(served.receive, time(10));
  EXPECT_EQ(served.transmit, time(25));
  EXPECT_EQ(served.header, known_snapshot().header);
  EXPECT_EQ(served.reference_time, known_snapshot().reference_time);
}

TEST(ServedClock, KeepsItsCopyUntilRefreshed) {
  SnapshotLatch latch;
  auto clock = clock_showing(latch, known_snapshot());
  Snapshot newer = known_snapshot();
  newer.map.base_time = time(1'000);
  latch.publish(newer);
  EXPECT_EQ(clock.at(counter(0), counter(0)).transmit, time(0));
  clock.refresh();
  EXPECT_EQ(clock.at(counter(0), counter(0)).transmit, time(1'000));
}

TEST(ServedClock, BelievedUpToItsEndAndNotATickLonger) {
  SnapshotLatch latch;
  Snapshot snapshot = known_snapshot();
  snapshot.void_after = counter(500);
  const auto clock = clock_showing(latch, snapshot);
  EXPECT_EQ(clock.at(counter(400), counter(500)).header, snapshot.header);
  const auto late = unpack(clock.at(counter(400), counter(501)).header);
  EXPECT_EQ(late.leap, LeapIndicator::kUnsynchronised);
  EXPECT_EQ(late.stratum, 0);
  EXPECT_EQ(late.precision, -24);
  EXPECT_EQ(late.root_dispersion, 0x1'0000U);
  EXPECT_EQ(late.reference_id, 0U);
}

TEST(ServedClock, EndIsRightAcrossACounterWrap) {
  SnapshotLatch latch;
  Snapshot snapshot = known_snapshot();
  snapshot.map.base = {~std::uint64_t{0} - 10};
  snapshot.void_after = {5};
  const auto clock = clock_showing(latch, snapshot);
  EXPECT_EQ(clock.at({~std::uint64_t{0}}, {5}).header, snapshot.header);
  EXPECT_EQ(unpack(clock.at({~std::uint64_t{0}}, {6}).header).leap, LeapIndicator::kUnsynchronised);
}

TEST(ServedClock, CompensationsMoveOneStampEach) {
  SnapshotLatch latch;
  Snapshot snapshot = known_snapshot();
  snapshot.receive_compensation = -7;
  snapshot.transmit_compensation = 9;
  const auto served = clock_showing(latch, snapshot).at(counter(10), counter(20));
  EXPECT_EQ(served.receive, time(3));
  EXPECT_EQ(served.transmit, time(29));
}

TEST(ServedClock, TransmitIsNeverBeforeReceive) {
  SnapshotLatch latch;
  Snapshot snapshot = known_snapshot();
  auto served = clock_showing(latch, snapshot).at(counter(30), counter(20));  // cores apart
  EXPECT_EQ(served.transmit, served.receive);
  EXPECT_EQ(served.receive, time(30));
  snapshot.receive_compensation = 100;
  served = clock_showing(latch, snapshot).at(counter(10), counter(20));
  EXPECT_EQ(served.transmit, served.receive);
}

// A leap of `seconds` at kKnownTime + 1000 units.
Snapshot leaping(std::int64_t seconds) {
  Snapshot snapshot = known_snapshot();
  auto before = unpack(snapshot.header);
  before.leap = seconds < 0 ? LeapIndicator::kInsert : LeapIndicator::kDelete;
  snapshot.header = pack(before);
  snapshot.leap_at = time(1'000);
  snapshot.leap_seconds = seconds;
  return snapshot;
}

class ServedLeap : public testing::TestWithParam<std::int64_t> {};

TEST_P(ServedLeap, AnnouncedUntilTheInstant) {
  SnapshotLatch latch;
  const auto served = clock_showing(latch, leaping(GetParam())).at(counter(900), counter(999));
  EXPECT_EQ(served.receive, time(900));
  EXPECT_EQ(served.transmit, time(999));
  EXPECT_EQ(unpack(served.header).leap,
            GetParam() < 0 ? LeapIndicator::kInsert : LeapIndicator::kDelete);
}

TEST_P(ServedLeap, AppliesToBothStampsAtTheInstant) {
  SnapshotLatch latch;
  const auto clock = clock_showing(latch, leaping(GetParam()));
  const std::int64_t leap = GetParam() * kSecond;
  for (const std::int64_t received : {std::int64_t{900}, std::int64_t{1'000}}) {
    const auto served = clock.at(counter(received), counter(1'000));
    EXPECT_EQ(served.receive, time(received + leap));
    EXPECT_EQ(served.transmit, time(1'000 + leap));
    EXPECT_EQ(unpack(served.header).leap, LeapIndicator::kNone);
  }
}

// RFC 5905 appendix A.5.1.1: a client refuses a reply whose reference time is after its transmit
// time.
TEST_P(ServedLeap, ReferenceTimeStaysBehindTheTransmitTime) {
  SnapshotLatch latch;
  Snapshot snapshot = leaping(GetParam());
  snapshot.reference_time = time(990);
  const auto clock = clock_showing(latch, snapshot);
  for (const std::int64_t sent : {std::int64_t{999}, std::int64_t{1'000}, kSecond / 2}) {
    const auto served = clock.at(counter(sent), counter(sent));
    EXPECT_GE((served.transmit - served.reference_time).units, 0) << sent;
  }
}

INSTANTIATE_TEST_SUITE_P(InsertAndDelete, ServedLeap, testing::Values(-1, 1));

TEST(ServedClock, LeapWorksAcrossTheEraBoundary) {
  SnapshotLatch latch;
  Snapshot snapshot = leaping(-1);
  snapshot.map.base_time = {0xffff'ffff'ffff'ff00};
  snapshot.leap_at = {0x10};
  const auto clock = clock_showing(latch, snapshot);
  EXPECT_EQ(clock.at(counter(0), counter(0x10f)).transmit, NtpTime{0x0f});
  EXPECT_EQ(clock.at(counter(0), counter(0x110)).transmit, NtpTime{0xffff'ffff'0000'0010});
}

TEST(ServedClock, AfterItsEndTheHeaderIsUnsynchronisedEvenAtALeap) {
  SnapshotLatch latch;
  Snapshot snapshot = leaping(-1);
  snapshot.void_after = counter(999);
  const auto served = clock_showing(latch, snapshot).at(counter(900), counter(1'000));
  EXPECT_EQ(unpack(served.header).leap, LeapIndicator::kUnsynchronised);
  EXPECT_EQ(unpack(served.header).stratum, 0);
}

}  // namespace
}  // namespace pollux::clock
