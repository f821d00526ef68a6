// A device that is unplugged and comes back under another number.
#include <cerrno>

#include "tests/unit/phc/device_fixture.h"

namespace pollux::phc {
namespace {

class ReopenTest : public test::DeviceTest {
 protected:
  static constexpr const char* kParent = "pci0000:00/0000:00:05.0";

  void SetUp() override {
    tree.add(0, "fake clock", kParent, test::PhcTree::kDevices[0]);
    const auto found = find_phc(path(0), kernel, tree.roots());
    ASSERT_TRUE(found) << found.error();
    kernel.plug(path(0));
    device.emplace(kernel, *found, settings());
    ASSERT_TRUE(device->open());
  }
  void TearDown() override {
    device.reset();
    DeviceTest::TearDown();
  }
  [[nodiscard]] std::string path(int index) const {
    return tree.roots().dev / ("ptp" + std::to_string(index));
  }
  void unplug() {
    kernel.unplug();
    tree.remove(0);
  }

  std::optional<PhcDevice> device;
};

TEST_F(ReopenTest, UnpluggedDeviceIsClosed) {
  unplug();
  const auto reading = device->read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error(), PhcError::kGone);
  EXPECT_EQ(device->last_errno(), ENODEV);
  EXPECT_FALSE(device->is_open());
  EXPECT_EQ(kernel.open_descriptors(), 0U);
  EXPECT_EQ(device->read().error(), PhcError::kGone);
}

TEST_F(ReopenTest, ComesBackUnderAnotherNumber) {
  unplug();
  EXPECT_EQ(device->read().error(), PhcError::kGone);
  EXPECT_EQ(device->reopen().error(), PhcError::kGone);

  tree.add(1, "fake clock", kParent, test::PhcTree::kDevices[1]);
  kernel.plug(path(1));
  ASSERT_TRUE(device->reopen());
  EXPECT_EQ(device->identity().index, 1);
  EXPECT_EQ(device->identity().device, path(1));
  EXPECT_EQ(device->identity().written, path(0));
  EXPECT_TRUE(device->read());
  EXPECT_EQ(kernel.open_descriptors(), 1U);
}

TEST_F(ReopenTest, AnotherClockUnderTheOldNumberIsNotTaken) {
  unplug();
  tree.add(0, "fake clock", "pci0000:00/0000:00:06.0", test::PhcTree::kDevices[1]);
  kernel.plug(path(0));
  const auto reopened = device->reopen();
  ASSERT_FALSE(reopened);
  EXPECT_EQ(reopened.error(), PhcError::kGone);
  EXPECT_FALSE(device->is_open());
}

TEST_F(ReopenTest, ReopeningALivingDeviceLeaksNothing) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(device->reopen());
  EXPECT_EQ(kernel.open_descriptors(), 1U);
}

TEST_F(ReopenTest, ManyUnplugsLeakNothing) {
  int index = 0;
  for (int i = 0; i < 20; ++i) {
    kernel.unplug();
    tree.remove(index);
    EXPECT_EQ(device->read().error(), PhcError::kGone);
    index ^= 1;
    tree.add(index, "fake clock", kParent, test::PhcTree::kDevices[0]);
    kernel.plug(path(index));
    if (i % 3 == 0) {
      kernel.fail_next(EBUSY);
      EXPECT_EQ(device->reopen().error(), PhcError::kBusy);
      EXPECT_EQ(kernel.open_descriptors(), 0U);
    }
    ASSERT_TRUE(device->reopen());
  }
  EXPECT_EQ(kernel.open_descriptors(), 1U);
}

}  // namespace
}  // namespace pollux::phc
