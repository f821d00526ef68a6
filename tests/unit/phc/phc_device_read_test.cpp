// What a reading says, and which rounds are refused.
#include <cerrno>

#include "tests/unit/phc/device_fixture.h"

namespace pollux::phc {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::DeviceTest;
using test::OpenDeviceTest;

using ReadTest = OpenDeviceTest;

// With stamps of CLOCK_REALTIME, which can be stepped and slewed.
class RealtimeStampsTest : public OpenDeviceTest {
 protected:
  void SetUp() override {
    kernel.driver.knows_stamp_clock = false;
    OpenDeviceTest::SetUp();
    ASSERT_EQ(device.method(), ReadMethod::kExtendedRealtime);
  }
};

TEST_F(ReadTest, InstantIsTheMiddleOfTheStamps) {
  kernel.set_drift(20e-6);
  for (int i = 0; i < 100; ++i) {
    kernel.advance(milliseconds{125});
    const auto reading = device.read();
    ASSERT_TRUE(reading);
    EXPECT_LT(std::abs(error_of(*reading)), 3.0);  // the stamps are whole nanoseconds
    EXPECT_NEAR(static_cast<double>(reading->window_ticks), 1000 * kTicksANanosecond,
                2 * kTicksANanosecond);
  }
}

TEST_F(ReadTest, ErrorStaysWithinHalfTheWindow) {
  kernel.driver.jitter = microseconds{5};
  for (int i = 0; i < 1000; ++i) {
    kernel.advance(milliseconds{125});
    const auto reading = device.read();
    ASSERT_TRUE(reading);
    const double half = static_cast<double>(reading->window_ticks) / (2 * kTicksANanosecond);
    EXPECT_LE(std::abs(error_of(*reading)), half + 3);
  }
}

TEST_F(ReadTest, NarrowestSampleWins) {
  kernel.driver.jitter = microseconds{5};
  double sum = 0;
  constexpr int kReads = 500;
  for (int i = 0; i < kReads; ++i) {
    const auto reading = device.read();
    ASSERT_TRUE(reading);
    sum += static_cast<double>(reading->window_ticks) / kTicksANanosecond - 1000;
  }
  // A sample is wider than the least by two exponentials of mean 5 us. The mean of the least of n
  // is 5 us times the sum over k of n!/(n-k)!/n^(k+1): 4023 ns for four, 3510 ns for all five.
  EXPECT_NEAR(sum / kReads, 4023, 250);
}

TEST_F(ReadTest, FirstSampleIsNotUsed) {
  kernel.driver.cold_latency = microseconds{-1};  // the narrowest, were it believed
  kernel.driver.read_latency = microseconds{1};
  const auto reading = device.read();
  ASSERT_TRUE(reading);
  EXPECT_NEAR(static_cast<double>(reading->window_ticks), 2000 * kTicksANanosecond,
              2 * kTicksANanosecond);
}

TEST_F(ReadTest, KernelIsEnteredOnceBeforeItCounts) {
  const unsigned before = kernel.capability_calls();
  ASSERT_TRUE(device.read());
  EXPECT_EQ(kernel.capability_calls(), before + 1);
}

TEST_F(ReadTest, SingleSampleIsUsed) {
  PhcDevice single{kernel, identity(), settings(1)};
  ASSERT_TRUE(single.open());
  const auto reading = single.read();
  ASSERT_TRUE(reading);
  EXPECT_LT(std::abs(error_of(*reading)), 3.0);
}

TEST_F(ReadTest, DeviceThatStandsStillIsReadAsItIs) {
  kernel.set_frozen(true);
  const auto first = device.read();
  kernel.advance(milliseconds{125});
  const auto second = device.read();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->time, second->time);
  EXPECT_GT(second->counter - first->counter, 0);
}

TEST_F(ReadTest, StepOfTheDeviceIsReadAsItIs) {
  const auto first = device.read();
  kernel.step(-milliseconds{3});
  const auto second = device.read();
  ASSERT_TRUE(first && second);
  EXPECT_LT(second->time, first->time);
}

TEST_F(ReadTest, CoarseDevice) {
  kernel.driver.resolution = nanoseconds{100};
  const auto reading = device.read();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->time.count() % 100, 0);
}

TEST_F(ReadTest, BusyDeviceStaysOpen) {
  for (const int error : {EBUSY, EAGAIN}) {
    kernel.fail_next(error);
    const auto reading = device.read();
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error(), PhcError::kBusy);
    EXPECT_EQ(device.last_errno(), error);
    EXPECT_TRUE(device.is_open());
  }
  EXPECT_TRUE(device.read());
  EXPECT_EQ(device.last_errno(), 0);
}

TEST_F(ReadTest, QuotaOfTheDevice) {
  kernel.advance(std::chrono::seconds{2});
  kernel.driver.reads_a_second = 12;  // two reads of five samples
  EXPECT_TRUE(device.read());
  EXPECT_TRUE(device.read());
  const auto third = device.read();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), PhcError::kBusy);
  kernel.advance(std::chrono::seconds{1});
  EXPECT_TRUE(device.read());
}

TEST_F(ReadTest, SlowRoundIsRefused) {
  kernel.stall_next(microseconds{5100});
  const auto reading = device.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error(), PhcError::kSlow);
  kernel.stall_next(microseconds{4900});
  EXPECT_TRUE(device.read());
}

TEST_F(ReadTest, OtherFailuresKeepErrno) {
  kernel.fail_next(EIO);
  const auto reading = device.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error(), PhcError::kFailed);
  EXPECT_EQ(device.last_errno(), EIO);
  EXPECT_TRUE(device.is_open());
}

TEST_F(ReadTest, MethodThatIsNoLongerOffered) {
  kernel.driver.offers_extended = false;
  EXPECT_EQ(device.read().error(), PhcError::kUnsupported);
  ASSERT_TRUE(device.open());
  EXPECT_EQ(device.method(), ReadMethod::kPlain);
}

TEST_F(ReadTest, EnodevOfALivingDeviceIsAFailure) {
  kernel.fail_next(ENODEV);
  EXPECT_EQ(device.read().error(), PhcError::kFailed);
  EXPECT_TRUE(device.is_open());
}

TEST_F(ReadTest, NonsenseIsRefused) {
  kernel.driver.gives_nonsense = true;
  EXPECT_EQ(device.read().error(), PhcError::kFailed);
  EXPECT_EQ(device.last_errno(), ERANGE);
}

TEST_F(ReadTest, SystemClockMayDoAsItLikesWithRawStamps) {
  kernel.slew_realtime(400e-6);
  kernel.step_realtime_in_next(std::chrono::seconds{1});
  const auto reading = device.read();
  ASSERT_TRUE(reading);
  EXPECT_LT(std::abs(error_of(*reading)), 3.0);
}

TEST_F(RealtimeStampsTest, SlewIsMappedAway) {
  kernel.driver.read_latency = microseconds{50};
  for (const double rate : {500e-6, -500e-6}) {
    kernel.slew_realtime(rate);
    const auto reading = device.read();
    ASSERT_TRUE(reading);
    EXPECT_LT(std::abs(error_of(*reading)), 3.0);
  }
}

TEST_F(RealtimeStampsTest, FasterThanAnySlewIsRefused) {
  kernel.driver.read_latency = microseconds{50};  // a round of half a millisecond
  kernel.slew_realtime(800e-6);
  const auto reading = device.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error(), PhcError::kUneven);
}

TEST_F(RealtimeStampsTest, StepsAreNoticed) {
  for (const auto by : {nanoseconds{200}, nanoseconds{-200}, nanoseconds{1'000'000},
                        nanoseconds{-1'000'000}, nanoseconds{37'000'000'000}}) {
    kernel.step_realtime_in_next(by);
    const auto inside = device.read();
    ASSERT_FALSE(inside) << by.count();
    EXPECT_EQ(inside.error(), PhcError::kUneven) << by.count();
    kernel.step_realtime_after_next(by);
    const auto behind = device.read();
    ASSERT_FALSE(behind) << by.count();
    EXPECT_EQ(behind.error(), PhcError::kUneven) << by.count();
    EXPECT_TRUE(device.read()) << "between two rounds a step does not matter";
  }
}

TEST_F(RealtimeStampsTest, StepTooSmallToNoticeDoesLittle) {
  for (nanoseconds by{0}; by < nanoseconds{200}; by += nanoseconds{5}) {
    kernel.step_realtime_in_next(by);
    const auto reading = device.read();
    if (!reading) continue;
    EXPECT_LT(by, nanoseconds{60});  // half the width of both sandwiches, and 600 ppm of 8 us
    EXPECT_LE(std::abs(error_of(*reading)), static_cast<double>(by.count()) + 3);
  }
}

TEST_F(DeviceTest, ClosedDeviceIsGone) {
  PhcDevice device{kernel, identity(), settings()};
  const auto reading = device.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error(), PhcError::kGone);
  EXPECT_EQ(kernel.device_calls(), 0U);
}

TEST(PhcDevice, NamesAndSentences) {
  EXPECT_EQ(name(ReadMethod::kPrecise), "precise");
  EXPECT_EQ(name(ReadMethod::kPlain), "plain");
  EXPECT_EQ(name(ReadClass::kEna), "ena");
  EXPECT_NE(describe(PhcError::kBusy), describe(PhcError::kFailed));
}

}  // namespace
}  // namespace pollux::phc
