// A device over the fake kernel, for the tests of PhcDevice.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "ptp/phc/phc_device.h"
#include "tests/support/fake_phc_kernel.h"
#include "tests/support/phc_tree.h"

namespace pollux::test {

class DeviceTest : public testing::Test {
 protected:
  static constexpr double kTicksANanosecond = FakePhcKernel::kHertz / 1e9;

  // How far a reading is from the device's time at its counter, in nanoseconds.
  [[nodiscard]] double error_of(const phc::ClockReading& reading) const {
    const auto since_epoch = static_cast<double>((reading.time - kernel.device_epoch()).count());
    return since_epoch - kernel.device_time_at(reading.counter);
  }

  static phc::PhcIdentity identity(std::string clock_name = "fake clock") {
    return {.written = "/dev/ptp0",
            .index = 0,
            .device = "/dev/ptp0",
            .clock_name = std::move(clock_name)};
  }

  [[nodiscard]] phc::PhcDevice::Settings settings(unsigned samples = 5) const {
    return {.counter_hertz = FakePhcKernel::kHertz, .samples = samples, .roots = tree.roots()};
  }

  void TearDown() override { EXPECT_EQ(kernel.open_descriptors(), 0U) << "a descriptor leaked"; }

  PhcTree tree;
  FakePhcKernel kernel;
};

// A device that is open: the tests of reading start here.
class OpenDeviceTest : public DeviceTest {
 protected:
  void SetUp() override { ASSERT_TRUE(device.open()); }
  void TearDown() override {
    device.close();
    DeviceTest::TearDown();
  }

  phc::PhcDevice device{kernel, identity(), settings()};
};

}  // namespace pollux::test
