#include "ptp/clock/source.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace pollux::clock {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double kHertz = 1e9;  // a tick is a nanosecond
constexpr nanoseconds kUtc{seconds{1'800'000'000}};
constexpr std::int64_t kInterval = 125'000'000;

SourceSettings phc(Timescale timescale = Timescale::kUtc) {
  return {.filter = {.nominal_hertz = kHertz, .noise_floor = 8},
          .timescale = timescale,
          .error = nanoseconds{300},
          .reference_id = 1};
}

class SourceTest : public testing::Test {
 protected:
  SourceTest() {
    calendar_.tell_offset(seconds{37});
    calendar_.advance(TaiTime{kUtc + seconds{37}});
  }

  // One reading of a clock that is `ahead` of UTC.
  void add(Source& source, nanoseconds ahead = {}, std::optional<nanoseconds> error = {},
           bool has_system = true) {
    ticks_ += kInterval;
    const nanoseconds utc = kUtc + nanoseconds{ticks_};
    // The synchronised clock beside it need not be exact.
    const std::optional<UtcTime> system =
        has_system ? std::optional{UtcTime{utc + milliseconds{900}}} : std::nullopt;
    source.add({.counter = now(), .window_ticks = 100, .time = utc + ahead}, error, system,
               calendar_);
  }
  void add_many(Source& source, int count, nanoseconds ahead = {}, bool has_system = true) {
    for (int i = 0; i < count; ++i) add(source, ahead, {}, has_system);
  }
  [[nodiscard]] Counter now() const { return Counter{static_cast<std::uint64_t>(ticks_)}; }
  // The estimate against true TAI.
  [[nodiscard]] nanoseconds error_of(const Source& source) const {
    return source.at(now()).time - TaiTime{kUtc + seconds{37} + nanoseconds{ticks_}};
  }

  Calendar calendar_;
  std::int64_t ticks_ = 1'000'000'000;
};

TEST(RecogniseTimescale, ByASecond) {
  const UtcTime utc{kUtc};
  const auto recognise = [&](nanoseconds ahead) {
    return recognise_timescale(kUtc + ahead, utc, seconds{37});
  };
  EXPECT_EQ(recognise({}), Timescale::kUtc);
  EXPECT_EQ(recognise(milliseconds{-999}), Timescale::kUtc);
  EXPECT_EQ(recognise(milliseconds{999}), Timescale::kUtc);
  EXPECT_EQ(recognise(seconds{1}), std::nullopt);
  EXPECT_EQ(recognise(seconds{-1}), std::nullopt);
  EXPECT_EQ(recognise(seconds{37}), Timescale::kTai);
  EXPECT_EQ(recognise(milliseconds{37'999}), Timescale::kTai);
  EXPECT_EQ(recognise(milliseconds{36'001}), Timescale::kTai);
  EXPECT_EQ(recognise(seconds{38}), std::nullopt);
  EXPECT_EQ(recognise(seconds{36}), std::nullopt);
  EXPECT_EQ(recognise(seconds{-37}), std::nullopt);
  EXPECT_EQ(recognise(seconds{19}), std::nullopt);
}

TEST_F(SourceTest, GoesFromAbsentToTracking) {
  Source source{phc()};
  EXPECT_EQ(source.state(now()), SourceState::kAbsent);
  add_many(source, 15);
  EXPECT_EQ(source.state(now()), SourceState::kStarting);
  EXPECT_FALSE(source.is_usable(now()));
  add(source);
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
  EXPECT_TRUE(source.is_usable(now()));
  EXPECT_EQ(source.samples(), 1U);
  EXPECT_LT(abs(error_of(source)), nanoseconds{5});
  // Two seconds of silence.
  EXPECT_EQ(source.state(now() + 2'000'000'000), SourceState::kTracking);
  EXPECT_EQ(source.state(now() + 2'000'000'001), SourceState::kAbsent);
  EXPECT_DOUBLE_EQ(source.seconds_since_reading(now() + 2'500'000'000), 2.5);
  ticks_ += 5'000'000'000;
  add(source);
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
}

TEST_F(SourceTest, ADisruptionGathersAnewAndTheThirdWithinAMinuteIsTooMany) {
  Source source{phc()};
  add_many(source, 30);
  add_many(source, 4, milliseconds{1});
  EXPECT_EQ(source.disruptions(), 1U);
  EXPECT_EQ(source.state(now()), SourceState::kDisrupted);
  add_many(source, 16, milliseconds{1});
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
  add_many(source, 4, milliseconds{2});
  add_many(source, 16, milliseconds{2});
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
  add_many(source, 4, milliseconds{3});
  EXPECT_EQ(source.state(now()), SourceState::kUntrusted);
  add_many(source, 16, milliseconds{3});
  EXPECT_EQ(source.disruptions(), 3U);
  EXPECT_EQ(source.state(now()), SourceState::kUntrusted);
  // Until the first of the three is a minute old.
  add_many(source, 8 * 56, milliseconds{3});
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
}

TEST_F(SourceTest, IsUntrustedWhileItsKeeperSaysSo) {
  Source source{phc()};
  add_many(source, 16);
  source.set_health(false);
  EXPECT_EQ(source.state(now()), SourceState::kUntrusted);
  source.set_health(true);
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
}

TEST_F(SourceTest, RecognisesItsTimescale) {
  for (const seconds ahead : {seconds{0}, seconds{37}}) {
    Source source{phc(Timescale::kAuto)};
    add_many(source, 20, ahead, false);
    EXPECT_EQ(source.state(now()), SourceState::kUnscaled);
    EXPECT_EQ(source.timescale(), Timescale::kAuto);
    add_many(source, 16, ahead);
    EXPECT_EQ(source.timescale(), ahead == seconds{0} ? Timescale::kUtc : Timescale::kTai);
    EXPECT_EQ(source.state(now()), SourceState::kTracking);
    EXPECT_LT(abs(error_of(source)), nanoseconds{5});
    // Recognised for good, until it is disrupted.
    add_many(source, 5, ahead, false);
    EXPECT_EQ(source.state(now()), SourceState::kTracking);
    add_many(source, 4, ahead + seconds{5});
    EXPECT_EQ(source.timescale(), Timescale::kAuto);
    source.restart();
    EXPECT_EQ(source.timescale(), Timescale::kAuto);
  }
  Source refused{phc(Timescale::kAuto)};
  add_many(refused, 20, seconds{19});  // GPS time
  EXPECT_EQ(refused.state(now()), SourceState::kUnscaled);
}

TEST_F(SourceTest, ATaiClockNeedsAKnownOffset) {
  const Calendar unknown;
  Source source{phc(Timescale::kTai)};
  for (int i = 0; i < 20; ++i) {
    ticks_ += kInterval;
    source.add({.counter = now(), .window_ticks = 100, .time = kUtc + seconds{37}}, std::nullopt,
               std::nullopt, unknown);
  }
  EXPECT_EQ(source.state(now()), SourceState::kStarting);
  add_many(source, 16, seconds{37});
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
}

TEST_F(SourceTest, AUtcClockIsNotReadNearALeap) {
  calendar_.announce(LeapIndicator::kInsert);
  const auto day = std::chrono::ceil<std::chrono::days>(kUtc);
  for (const auto timescale : {Timescale::kUtc, Timescale::kTai}) {
    const bool is_tai = timescale == Timescale::kTai;
    Source source{phc(timescale)};
    ticks_ = nanoseconds{day - kUtc}.count() - 20'000'000'000;
    calendar_.advance(TaiTime{kUtc + seconds{37} + nanoseconds{ticks_}});
    add_many(source, 8 * 14, seconds{is_tai ? 37 : 0});
    const auto before = source.samples();
    EXPECT_GT(before, 90U);
    add_many(source, 8 * 3, seconds{is_tai ? 37 : 0});  // 3 s before the leap now
    EXPECT_EQ(source.state(now()), SourceState::kTracking);
    EXPECT_EQ(source.samples(), is_tai ? before + 24 : before + 8);
  }
}

TEST_F(SourceTest, CorrectionsMoveUtcClocksOnly) {
  for (const auto timescale : {Timescale::kUtc, Timescale::kTai}) {
    const bool is_tai = timescale == Timescale::kTai;
    Source source{phc(timescale)};
    add_many(source, 20, seconds{is_tai ? 37 : 0});
    source.correct(seconds{2});
    EXPECT_LT(abs(error_of(source) - seconds{is_tai ? 0 : 2}), nanoseconds{5});
  }
}

TEST_F(SourceTest, TheBoundCountsEveryPart) {
  Source source{phc()};
  add_many(source, 400);
  const double sigma = source.at(now()).phase_sigma;
  const double frequency_sigma = source.at(now()).frequency_sigma;
  EXPECT_NEAR(source.bound(now()), 300 + 100 / 2.0 + 8 / 2.0 + 4 * sigma, 1e-6);
  EXPECT_NEAR(source.bound_growth(), 1'000 + 4 * frequency_sigma, 1e-6);
  const double after = source.bound(now() + 1'000'000'000);
  EXPECT_GT(after, source.bound(now()) + 1'000);
  EXPECT_LT(after, source.bound(now()) + 1'500);
  // The clock's own word counts for as long as it gives it.
  add(source, {}, nanoseconds{50'000});
  EXPECT_DOUBLE_EQ(source.error(), 50'000);
  EXPECT_GT(source.bound(now()), 50'000);
  add(source);
  EXPECT_DOUBLE_EQ(source.error(), 300);
}

// What a device may say: nothing of it is taken for time, or overflows.
TEST_F(SourceTest, ImpossibleTimesAreNoReadings) {
  for (const std::int64_t time :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{1} << 62,
        std::numeric_limits<std::int64_t>::max()}) {
    for (const auto timescale : {Timescale::kUtc, Timescale::kTai, Timescale::kAuto}) {
      Source source{phc(timescale)};
      for (int i = 0; i < 40; ++i) {
        ticks_ += kInterval;
        source.add({.counter = now(), .window_ticks = 100, .time = nanoseconds{time}}, std::nullopt,
                   UtcTime{kUtc}, calendar_);
      }
      EXPECT_EQ(source.state(now()), SourceState::kAbsent) << time;
    }
  }
}

TEST_F(SourceTest, WorksFromTheEpochOn) {
  Source source{phc()};
  for (int i = 0; i < 40; ++i) {
    ticks_ += kInterval;
    source.add({.counter = now(), .window_ticks = 100, .time = nanoseconds{ticks_}}, std::nullopt,
               std::nullopt, calendar_);
  }
  EXPECT_EQ(source.state(now()), SourceState::kTracking);
}

}  // namespace
}  // namespace pollux::clock
