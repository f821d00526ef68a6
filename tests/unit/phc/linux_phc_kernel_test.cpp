// The back end that asks Linux, on files that are no clock.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "ptp/phc/counter.h"
#include "ptp/phc/phc_device.h"
#include "tests/support/phc_tree.h"

namespace pollux::phc {
namespace {

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

class LinuxKernelTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(open_files(), files_before) << "a descriptor leaked"; }
  std::ptrdiff_t files_before = open_files();
  std::unique_ptr<PhcKernel> kernel = make_linux_phc_kernel();
};

TEST_F(LinuxKernelTest, OpensCharacterDevicesOnly) {
  const test::PhcTree tree;
  test::PhcTree::write(tree.root() / "file", "text");
  EXPECT_EQ(kernel->open(tree.root() / "file").error(), ENOTTY);
  EXPECT_EQ(kernel->open(tree.root()).error(), ENOTTY);
  EXPECT_EQ(kernel->open(tree.root() / "absent").error(), ENOENT);
  const auto null = kernel->open("/dev/null");
  ASSERT_TRUE(null);
  EXPECT_EQ(fcntl(*null, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(fcntl(*null, F_GETFL) & O_ACCMODE, O_RDONLY);
  kernel->close(*null);
}

TEST_F(LinuxKernelTest, CharacterDeviceThatIsNoClock) {
  const auto null = kernel->open("/dev/null");
  ASSERT_TRUE(null);
  ptp_clock_caps caps{};
  ptp_sys_offset_precise precise{};
  SysOffsetExtended extended{.n_samples = 1};
  ptp_sys_offset plain{};
  EXPECT_EQ(kernel->capabilities(*null, caps), ENOTTY);
  EXPECT_EQ(kernel->precise(*null, precise), ENOTTY);
  EXPECT_EQ(kernel->extended(*null, extended), ENOTTY);
  EXPECT_EQ(kernel->plain(*null, plain), ENOTTY);
  kernel->close(*null);
  EXPECT_EQ(kernel->plain(*null, plain), EBADF);
}

TEST_F(LinuxKernelTest, DeviceOverNoClockIsNoTimeSource) {
  PhcDevice device{*kernel, {.device = "/dev/null"}, {.counter_hertz = 1e9}};
  const auto opened = device.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), PhcError::kUnsupported);
  EXPECT_FALSE(device.is_open());
}

TEST_F(LinuxKernelTest, Interfaces) {
  EXPECT_EQ(kernel->interface_clock("there-is-none").error(), ENODEV);
  EXPECT_EQ(kernel->interface_clock(std::string(100, 'x')).error(), ENODEV);
  EXPECT_EQ(kernel->interface_clock("").error(), ENODEV);
  const auto loopback = kernel->interface_clock("lo");
  EXPECT_EQ(loopback.value_or(-1), -1);  // some kernels have nothing to say of it
  EXPECT_FALSE(kernel->interface_counters("there-is-none"));
  EXPECT_FALSE(kernel->interface_counters("lo"));
  EXPECT_EQ(find_phc("lo", *kernel).error(), "the interface lo has no PTP hardware clock");
}

// The raw clock is made from the counter by the kernel: between two sandwiches it has to lie on the
// line, within what the sandwiches leave open.
TEST_F(LinuxKernelTest, RawClockIsStraightAgainstTheCounter) {
  const double hertz = measure_counter_hertz(std::chrono::milliseconds{100});
  int straight = 0;
  constexpr int kRounds = 200;
  for (int i = 0; i < kRounds; ++i) {
    const auto before = kernel->sandwich(CLOCK_MONOTONIC_RAW);
    const auto middle = kernel->sandwich(CLOCK_MONOTONIC_RAW);
    const auto after = kernel->sandwich(CLOCK_MONOTONIC_RAW);
    const auto map = StampMap::through(before, after, hertz, PhcDevice::kLongestRound);
    if (!map || middle.window_ticks > static_cast<std::int64_t>(hertz * 1e-6)) continue;
    if (!map->covers(middle.time)) continue;
    const auto off = std::abs(map->at(middle.time) - middle.counter);
    if (static_cast<double>(off) < hertz * 1e-6) ++straight;
  }
  EXPECT_GT(straight, kRounds / 2);  // a busy machine may spoil some
}

}  // namespace
}  // namespace pollux::phc
