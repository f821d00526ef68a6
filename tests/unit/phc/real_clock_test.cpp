// The PTP hardware clocks of this machine, read as polluxd reads them; ends with 77, which meson
// counts as skipped, where there are none. Sets nothing.
#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

#include "ptp/phc/counter.h"
#include "ptp/phc/phc_device.h"

namespace pollux::phc {
namespace {

class RealClockTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = find_phc("*", *kernel);
    ASSERT_TRUE(found) << found.error();
    identity = *found;
  }
  [[nodiscard]] static double hertz() {
    static const double measured = measure_counter_hertz(std::chrono::milliseconds{500});
    return measured;
  }
  static double seconds(std::chrono::nanoseconds length) {
    return std::chrono::duration<double>(length).count();
  }

  std::unique_ptr<PhcKernel> kernel = make_linux_phc_kernel();
  PhcIdentity identity;
};

TEST_F(RealClockTest, IsFoundByPathAndByName) {
  EXPECT_EQ(find_phc(identity.device, *kernel)->index, identity.index);
  EXPECT_EQ(find_phc_again(identity, *kernel)->index, identity.index);
  std::printf("%s: %s\n", identity.device.c_str(), identity.clock_name.c_str());
}

TEST_F(RealClockTest, RunsAtTheRateOfTheCounter) {
  PhcDevice device{*kernel, identity, {.counter_hertz = hertz()}};
  const auto opened = device.open();
  ASSERT_TRUE(opened) << describe(opened.error()) << ", errno " << device.last_errno();
  // A machine that was busy elsewhere makes single reads too slow to count.
  const auto read = [&device] {
    auto reading = device.read();
    for (int i = 0; i < 20 && !reading; ++i) reading = device.read();
    return reading;
  };
  const auto first = read();
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  const auto second = read();
  ASSERT_TRUE(first && second);
  const double by_counter = static_cast<double>(second->counter - first->counter) / hertz();
  const double by_device = seconds(second->time - first->time);
  std::printf("%s: %.3f ppm off the counter, window %.0f ns, %u samples\n",
              std::string{name(device.method())}.c_str(), (by_device / by_counter - 1) * 1e6,
              static_cast<double>(second->window_ticks) / hertz() * 1e9, device.samples());
  EXPECT_NEAR(by_device / by_counter, 1.0, 2e-3);
}

TEST_F(RealClockTest, MostReadsAreGood) {
  PhcDevice device{*kernel, identity, {.counter_hertz = hertz()}};
  ASSERT_TRUE(device.open());
  int good = 0;
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    if (device.read()) ++good;
  }
  std::printf("%d of 100 reads were good\n", good);
  EXPECT_GT(good, 50);
}

}  // namespace
}  // namespace pollux::phc

int main(int count, char** arguments) {
  constexpr int kSkipped = 77;
  testing::InitGoogleTest(&count, arguments);
  const auto kernel = pollux::phc::make_linux_phc_kernel();
  if (const auto found = pollux::phc::find_phc("*", *kernel); !found) {
    std::printf("skipped: this machine has no PTP hardware clock (%s)\n", found.error().c_str());
    return kSkipped;
  }
  return RUN_ALL_TESTS();
}
