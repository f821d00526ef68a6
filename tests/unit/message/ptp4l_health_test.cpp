#include "ptp/message/ptp4l_health.h"

#include <gtest/gtest.h>

#include <limits>

namespace pollux::message {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr ClockIdentity kOne{1};
constexpr ClockIdentity kTwo{2};

Ptp4lDataSets healthy_sets() {
  Ptp4lDataSets sets;
  sets.status = {
      .master_offset = 0ns, .ingress_time = 1s, .grandmaster_present = true, .grandmaster = kOne};
  sets.parent.grandmaster = kOne;
  sets.parent.grandmaster_quality = {.clock_class = 6, .clock_accuracy = 0x21};
  sets.properties = {
      .current_utc_offset = 37, .current_utc_offset_valid = true, .ptp_timescale = true};
  return sets;
}

// A ptp4l that gets a Sync every second.
class Ptp4l {
 public:
  explicit Ptp4l(const Ptp4lSettings& settings = {}) : judge_{settings} {}

  Ptp4lHealth next(nanoseconds offset = 0ns) {
    sets.status.master_offset = offset;
    sets.current.offset_from_master = offset;
    sets.status.ingress_time += 1s;
    return silent();
  }
  // A second without Sync.
  Ptp4lHealth silent() {
    now += 1s;
    return judge_.judge(sets, now);
  }
  Ptp4lHealth settle(nanoseconds offset = 0ns) {
    for (int i = 0; i < 40; ++i) next(offset);
    return next(offset);
  }

  Ptp4lDataSets sets = healthy_sets();
  nanoseconds now = 1000h;

 private:
  Ptp4lJudge judge_;
};

TEST(ClockAccuracy, FollowsTheTable) {
  EXPECT_EQ(clock_accuracy_bound(0x17), 1ns);  // 1 ps
  EXPECT_EQ(clock_accuracy_bound(0x1c), 1ns);  // 250 ps
  EXPECT_EQ(clock_accuracy_bound(0x1d), 1ns);
  EXPECT_EQ(clock_accuracy_bound(0x1e), 3ns);  // 2.5 ns
  EXPECT_EQ(clock_accuracy_bound(0x1f), 10ns);
  EXPECT_EQ(clock_accuracy_bound(0x20), 25ns);
  EXPECT_EQ(clock_accuracy_bound(0x21), 100ns);
  EXPECT_EQ(clock_accuracy_bound(0x22), 250ns);
  EXPECT_EQ(clock_accuracy_bound(0x23), 1us);
  EXPECT_EQ(clock_accuracy_bound(0x24), 2500ns);
  EXPECT_EQ(clock_accuracy_bound(0x25), 10us);
  EXPECT_EQ(clock_accuracy_bound(0x26), 25us);
  EXPECT_EQ(clock_accuracy_bound(0x27), 100us);
  EXPECT_EQ(clock_accuracy_bound(0x28), 250us);
  EXPECT_EQ(clock_accuracy_bound(0x29), 1ms);
  EXPECT_EQ(clock_accuracy_bound(0x2a), 2500us);
  EXPECT_EQ(clock_accuracy_bound(0x2b), 10ms);
  EXPECT_EQ(clock_accuracy_bound(0x2c), 25ms);
  EXPECT_EQ(clock_accuracy_bound(0x2d), 100ms);
  EXPECT_EQ(clock_accuracy_bound(0x2e), 250ms);
  EXPECT_EQ(clock_accuracy_bound(0x2f), 1s);
  EXPECT_EQ(clock_accuracy_bound(0x30), 10s);
}

TEST(ClockAccuracy, SaysNothingOfOtherCodes) {
  for (const int code : {0x00, 0x16, 0x31, 0x32, 0x7f, 0x80, 0xfd, 0xfe, 0xff})
    EXPECT_EQ(clock_accuracy_bound(static_cast<std::uint8_t>(code)), std::nullopt) << code;
}

TEST(OffsetWindow, BoundsByMeanAndDeviation) {
  OffsetWindow window;
  EXPECT_EQ(window.bound(), 0ns);
  window.add(-50ns);
  EXPECT_EQ(window.bound(), 50ns);
  window.add(-150ns);  // mean -100, deviation sqrt(5000) = 70.7
  EXPECT_EQ(window.bound(), 383ns);
}

TEST(OffsetWindow, ForgetsWhatIsOld) {
  OffsetWindow window;
  window.add(1s);
  for (std::size_t i = 1; i < OffsetWindow::kSize; ++i) window.add(10ns);
  EXPECT_GT(window.bound(), 1ms);
  window.add(10ns);
  EXPECT_EQ(window.bound(), 10ns);
  for (int i = 0; i < 1'000; ++i) window.add(20ns);
  EXPECT_EQ(window.bound(), 20ns);
}

TEST(OffsetWindow, StaysWithinItsType) {
  OffsetWindow window;
  for (int i = 0; i < 20; ++i) {
    window.add(nanoseconds::max());
    window.add(nanoseconds::min());
  }
  EXPECT_EQ(window.bound(), nanoseconds{1'000'000'000'000'000'000});
}

TEST(Ptp4lJudge, CallsAClockInLockHealthy) {
  Ptp4l ptp4l;
  const auto health = ptp4l.settle(40ns);
  EXPECT_EQ(health.verdict, Ptp4lVerdict::kHealthy);
  EXPECT_EQ(health.source_error, 140ns);  // accuracy 100 ns, mean 40 ns, no spread
  EXPECT_EQ(health.leap, clock::LeapIndicator::kNone);
  EXPECT_EQ(health.tai_minus_utc, 37s);
  EXPECT_TRUE(health.is_tai);
}

TEST(Ptp4lJudge, DoesNotBelieveTheFirstRound) {
  Ptp4l ptp4l;
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kSilentGrandmaster);
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kSilentGrandmaster);
  EXPECT_EQ(ptp4l.next().verdict, Ptp4lVerdict::kHealthy);
}

TEST(Ptp4lJudge, BoundsNoErrorFromFewOffsets) {
  Ptp4l ptp4l;
  ptp4l.silent();
  for (std::size_t i = 1; i < OffsetWindow::kLeast; ++i)
    EXPECT_EQ(ptp4l.next().source_error, std::nullopt) << i;
  EXPECT_EQ(ptp4l.next().source_error, 100ns);
}

TEST(Ptp4lJudge, CountsASyncOnce) {
  Ptp4l ptp4l;
  ptp4l.silent();
  ptp4l.next();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ptp4l.silent().source_error, std::nullopt);
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kHealthy);
}

TEST(Ptp4lJudge, SpreadAddsToTheError) {
  Ptp4l ptp4l;
  Ptp4lHealth health;
  for (int i = 0; i < 64; ++i) health = ptp4l.next(i % 2 == 0 ? 100ns : -100ns);
  // Standard deviation of 32 offsets of +-100 ns: 100 * sqrt(32 / 31).
  EXPECT_EQ(health.source_error, 100ns + 407ns);
}

TEST(Ptp4lJudge, KnowsNoErrorOfAnUnknownAccuracy) {
  Ptp4l ptp4l;
  ptp4l.sets.parent.grandmaster_quality.clock_accuracy = 0xfe;
  const auto health = ptp4l.settle();
  EXPECT_EQ(health.verdict, Ptp4lVerdict::kHealthy);
  EXPECT_EQ(health.source_error, std::nullopt);
}

TEST(Ptp4lJudge, SeesThatThereIsNoGrandmaster) {
  Ptp4l ptp4l;
  ptp4l.settle();
  ptp4l.sets.status.grandmaster_present = false;
  const auto health = ptp4l.next();
  EXPECT_EQ(health.verdict, Ptp4lVerdict::kNoGrandmaster);
  EXPECT_EQ(health.source_error, std::nullopt);
  ptp4l.sets.status.grandmaster_present = true;
  EXPECT_EQ(ptp4l.next().source_error, std::nullopt);  // the window starts again
}

TEST(Ptp4lJudge, SeesThatSyncHasStopped) {
  Ptp4l ptp4l;
  ptp4l.settle();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kHealthy) << i;
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kSilentGrandmaster);
  const auto back = ptp4l.next();
  EXPECT_EQ(back.verdict, Ptp4lVerdict::kHealthy);
  EXPECT_EQ(back.source_error, std::nullopt);  // what was before the gap does not count
}

// ptp4l 3.1.1 clears the time of the last Sync when its grandmaster is gone, and goes on calling it
// present.
TEST(Ptp4lJudge, DoesNotTakeAClearedTimeForASync) {
  Ptp4l ptp4l;
  ptp4l.settle();
  ptp4l.sets.status.ingress_time = 0ns;
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kSilentGrandmaster);
}

TEST(Ptp4lJudge, AnotherGrandmasterStartsTheWindowAgain) {
  Ptp4l ptp4l;
  ptp4l.settle(90us);
  ptp4l.sets.status.grandmaster = kTwo;
  for (std::size_t i = 1; i < OffsetWindow::kLeast; ++i)
    EXPECT_EQ(ptp4l.next(10ns).source_error, std::nullopt) << i;
  EXPECT_EQ(ptp4l.next(10ns).source_error, 110ns);
}

TEST(Ptp4lJudge, AnotherGrandmasterMustBeHeardFirst) {
  Ptp4l ptp4l;
  ptp4l.settle();
  ptp4l.sets.status.grandmaster = kTwo;
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kSilentGrandmaster);
}

TEST(Ptp4lJudge, RefusesAPoorClockClass) {
  for (const auto& [clock_class, expected] :
       {std::pair{6, Ptp4lVerdict::kHealthy}, std::pair{7, Ptp4lVerdict::kHealthy},
        std::pair{8, Ptp4lVerdict::kPoorClockClass}, std::pair{52, Ptp4lVerdict::kPoorClockClass},
        std::pair{248, Ptp4lVerdict::kPoorClockClass}}) {
    Ptp4l ptp4l;
    ptp4l.sets.parent.grandmaster_quality.clock_class = static_cast<std::uint8_t>(clock_class);
    EXPECT_EQ(ptp4l.settle().verdict, expected) << clock_class;
  }
}

TEST(Ptp4lJudge, RefusesALargeOffset) {
  Ptp4l ptp4l;
  ptp4l.settle();
  EXPECT_EQ(ptp4l.next(100us).verdict, Ptp4lVerdict::kHealthy);
  EXPECT_EQ(ptp4l.next(-100us).verdict, Ptp4lVerdict::kHealthy);
  EXPECT_EQ(ptp4l.next(100'001ns).verdict, Ptp4lVerdict::kLargeOffset);
  EXPECT_EQ(ptp4l.next(-100'001ns).verdict, Ptp4lVerdict::kLargeOffset);
  EXPECT_EQ(ptp4l.next(nanoseconds::min()).verdict, Ptp4lVerdict::kLargeOffset);
  EXPECT_EQ(ptp4l.next(nanoseconds::max()).verdict, Ptp4lVerdict::kLargeOffset);
  ptp4l.next(0ns);
  ptp4l.sets.current.offset_from_master = 1ms;
  EXPECT_EQ(ptp4l.silent().verdict, Ptp4lVerdict::kLargeOffset);
}

TEST(Ptp4lJudge, PassesLeapsOn) {
  Ptp4l ptp4l;
  ptp4l.settle();
  ptp4l.sets.properties.leap61 = true;
  EXPECT_EQ(ptp4l.next().leap, clock::LeapIndicator::kInsert);
  ptp4l.sets.properties.leap61 = false;
  ptp4l.sets.properties.leap59 = true;
  EXPECT_EQ(ptp4l.next().leap, clock::LeapIndicator::kDelete);
  // Not from a grandmaster that is not believed.
  ptp4l.sets.parent.grandmaster_quality.clock_class = 248;
  EXPECT_EQ(ptp4l.next().leap, clock::LeapIndicator::kNone);
}

TEST(Ptp4lJudge, KnowsTheTaiOffsetOnlyWhereItIsValid) {
  Ptp4l ptp4l;
  ptp4l.sets.properties.current_utc_offset_valid = false;
  EXPECT_EQ(ptp4l.settle().tai_minus_utc, std::nullopt);
  ptp4l.sets.properties.current_utc_offset_valid = true;
  EXPECT_EQ(ptp4l.next().tai_minus_utc, 37s);
  // An arbitrary timescale has no distance from UTC.
  ptp4l.sets.properties.ptp_timescale = false;
  EXPECT_EQ(ptp4l.next().tai_minus_utc, std::nullopt);
  EXPECT_FALSE(ptp4l.next().is_tai);
}

}  // namespace
}  // namespace pollux::message
