// Which way of reading a device is chosen, and when it is none.
#include <cerrno>

#include "tests/unit/phc/device_fixture.h"

namespace pollux::phc {
namespace {

using test::DeviceTest;

class ProbeTest : public DeviceTest {
 protected:
  void TearDown() override {
    device.close();
    DeviceTest::TearDown();
  }
  // The method that open() settles on, with a reading that must be right.
  ReadMethod opened_method() {
    const auto opened = device.open();
    EXPECT_TRUE(opened) << describe(opened.error());
    const auto reading = device.read();
    EXPECT_TRUE(reading) << describe(reading.error());
    EXPECT_LT(std::abs(error_of(reading.value_or(ClockReading{}))), 3.0);
    return device.method();
  }

  PhcDevice device{kernel, identity(), settings()};
};

TEST_F(ProbeTest, PrefersTheCrossTimestamp) {
  kernel.driver.offers_precise = true;
  EXPECT_EQ(opened_method(), ReadMethod::kPrecise);
  EXPECT_EQ(device.read_class(), ReadClass::kCrossTimestamp);
  EXPECT_EQ(device.samples(), 1U);
  const auto reading = device.read();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->window_ticks, 0);
}

TEST_F(ProbeTest, StampsWithTheRawClockWhereTheKernelCan) {
  EXPECT_EQ(opened_method(), ReadMethod::kExtendedRaw);
  EXPECT_EQ(device.read_class(), ReadClass::kMemoryMapped);
  EXPECT_EQ(device.samples(), 5U);
}

TEST_F(ProbeTest, StampsWithRealtimeOnAnOlderKernel) {
  kernel.driver.knows_stamp_clock = false;
  EXPECT_EQ(opened_method(), ReadMethod::kExtendedRealtime);
}

TEST_F(ProbeTest, StampsWithRealtimeWhereTheDriverKnowsNoOther) {
  kernel.driver.obeys_stamp_clock = false;
  EXPECT_EQ(opened_method(), ReadMethod::kExtendedRealtime);
}

TEST_F(ProbeTest, FallsBackToThePlainOffset) {
  kernel.driver.offers_extended = false;
  EXPECT_EQ(opened_method(), ReadMethod::kPlain);
  EXPECT_EQ(device.read_class(), ReadClass::kMemoryMapped);
}

TEST_F(ProbeTest, PassesOverACrossTimestampThatFails) {
  kernel.driver.offers_precise = true;
  for (const int error : {ENODEV, ETIMEDOUT, EINVAL, EIO}) {
    kernel.fail_next(error);
    const auto opened = device.open();
    ASSERT_TRUE(opened) << error;
    EXPECT_EQ(device.method(), ReadMethod::kExtendedRaw) << error;
  }
}

TEST_F(ProbeTest, DeviceWithoutAnyWayIsNoTimeSource) {
  kernel.driver.offers_extended = false;
  kernel.driver.offers_plain = false;
  const auto opened = device.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), PhcError::kUnsupported);
  EXPECT_EQ(device.last_errno(), EOPNOTSUPP);
  EXPECT_FALSE(device.is_open());
  EXPECT_EQ(kernel.open_descriptors(), 0U);

  kernel.fail_next(ENOTTY, 4);
  EXPECT_EQ(device.open().error(), PhcError::kUnsupported);
}

TEST_F(ProbeTest, BusyDeviceSaysNothingOfItsMethods) {
  kernel.fail_next(EBUSY);
  const auto opened = device.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), PhcError::kBusy);
  EXPECT_FALSE(device.is_open());
  EXPECT_EQ(opened_method(), ReadMethod::kExtendedRaw);
}

TEST_F(ProbeTest, FailureOfEveryMethodIsNotCalledUnsupported) {
  kernel.fail_next(EIO, 4);
  const auto opened = device.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), PhcError::kFailed);
  EXPECT_EQ(device.last_errno(), EIO);
}

TEST_F(ProbeTest, OneSlowRoundDoesNotCostAMethod) {
  kernel.driver.offers_precise = true;
  kernel.stall_next(std::chrono::milliseconds{6});
  EXPECT_EQ(opened_method(), ReadMethod::kPrecise);
}

TEST_F(ProbeTest, NonsenseIsRefused) {
  kernel.driver.gives_nonsense = true;
  const auto opened = device.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), PhcError::kFailed);
  EXPECT_EQ(device.last_errno(), ERANGE);
}

TEST_F(ProbeTest, MissingOrForbiddenFile) {
  kernel.plug("/dev/ptp7");
  EXPECT_EQ(device.open().error(), PhcError::kGone);
  EXPECT_EQ(device.last_errno(), ENOENT);
  kernel.fail_open(EACCES);
  EXPECT_EQ(device.open().error(), PhcError::kFailed);
  EXPECT_EQ(device.last_errno(), EACCES);
}

TEST_F(ProbeTest, EnaIsAskedForOneSample) {
  PhcDevice ena{kernel, identity("ena-ptp-05"), settings(25)};
  ASSERT_TRUE(ena.open());
  EXPECT_TRUE(ena.is_ena());
  EXPECT_EQ(ena.read_class(), ReadClass::kEna);
  EXPECT_EQ(ena.samples(), 1U);
  const unsigned before = kernel.samples_taken();
  ASSERT_TRUE(ena.read());
  EXPECT_EQ(kernel.samples_taken() - before, 1U);
}

TEST_F(ProbeTest, CountOfSamplesIsBounded) {
  PhcDevice many{kernel, identity(), settings(1000)};
  ASSERT_TRUE(many.open());
  EXPECT_EQ(many.samples(), 25U);
  ASSERT_TRUE(many.read());
  PhcDevice none{kernel, identity(), settings(0)};
  ASSERT_TRUE(none.open());
  EXPECT_EQ(none.samples(), 1U);
}

TEST_F(ProbeTest, OpeningTwiceKeepsOneDescriptor) {
  ASSERT_TRUE(device.open());
  ASSERT_TRUE(device.open());
  EXPECT_EQ(kernel.open_descriptors(), 1U);
}

}  // namespace
}  // namespace pollux::phc
