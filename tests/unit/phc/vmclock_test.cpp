#include "ptp/phc/vmclock.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "tests/support/phc_tree.h"

namespace pollux::phc {
namespace {

// A page in memory that looks like the device's, written by offsets as the ABI gives them.
class PageTest : public testing::Test {
 protected:
  void SetUp() override {
    descriptor = memfd_create("vmclock", MFD_CLOEXEC);
    ASSERT_GE(descriptor, 0);
    length = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    ASSERT_EQ(ftruncate(descriptor, static_cast<off_t>(length)), 0);
    void* mapped = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    page = static_cast<unsigned char*>(mapped);
    fill();
  }
  void fill() {
    put<std::uint32_t>(0, 0x4b4c4356);
    put<std::uint32_t>(4, 4096);
    put<std::uint16_t>(8, 1);
    put<std::uint32_t>(12, 6);
    put<std::uint64_t>(16, 0x1122334455667788);
  }
  void TearDown() override {
    munmap(page, length);
    close(descriptor);
  }
  template <typename T>
  void put(std::size_t offset, T value) {
    std::memcpy(page + offset, &value, sizeof value);
  }
  [[nodiscard]] std::string refusal() const {
    const auto mapped = VmClock::map(descriptor, "page");
    return mapped ? "" : mapped.error();
  }

  int descriptor = -1;
  std::size_t length = 0;
  unsigned char* page = nullptr;
};

TEST_F(PageTest, MarkerIsReadAndFollowed) {
  const auto clock = VmClock::map(descriptor, "page");
  ASSERT_TRUE(clock) << clock.error();
  EXPECT_TRUE(clock->has_page());
  EXPECT_EQ(clock->disruption_marker(), 0x1122334455667788U);
  put<std::uint32_t>(12, 7);
  put<std::uint64_t>(16, 5);
  EXPECT_EQ(clock->disruption_marker(), std::nullopt) << "an update is under way";
  put<std::uint32_t>(12, 8);
  EXPECT_EQ(clock->disruption_marker(), 5U);
}

TEST_F(PageTest, WhatIsNoPageIsRefused) {
  put<std::uint32_t>(0, 0x4b4c4357);
  EXPECT_EQ(refusal(), "page has no vmclock page");
  fill();
  put<std::uint16_t>(8, 2);
  EXPECT_EQ(refusal(), "page has a vmclock page of version 2, not 1");
  fill();
  put<std::uint32_t>(4, 103);
  EXPECT_EQ(refusal(), "page has a vmclock page of 103 octets, too few");
  fill();
  put<std::uint32_t>(4, 104);
  EXPECT_EQ(refusal(), "");
}

TEST_F(PageTest, MovesWithItsOwner) {
  auto first = VmClock::map(descriptor, "page");
  ASSERT_TRUE(first);
  VmClock second = std::move(*first);
  VmClock third;
  third = std::move(second);
  EXPECT_EQ(third.disruption_marker(), 0x1122334455667788U);
}

// A hypervisor that writes both halves of a marker with the count odd in between: a reader sees
// equal halves or nothing.
TEST_F(PageTest, NeverATornMarker) {
  const auto clock = VmClock::map(descriptor, "page");
  ASSERT_TRUE(clock);
  put<std::uint64_t>(16, 0);
  std::atomic<bool> stop{false};
  std::jthread writer{[this, &stop] {
    auto* count = reinterpret_cast<std::uint32_t*>(page + 12);
    auto* marker = reinterpret_cast<std::uint64_t*>(page + 16);
    std::uint32_t value = 6;
    for (std::uint64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      __atomic_store_n(count, ++value, __ATOMIC_RELAXED);
      std::atomic_thread_fence(std::memory_order_release);
      __atomic_store_n(marker, i << 32 | 0xdead, __ATOMIC_RELAXED);
      __atomic_store_n(marker, i << 32 | (i & 0xffff'ffff), __ATOMIC_RELAXED);
      __atomic_store_n(count, ++value, __ATOMIC_RELEASE);
    }
  }};
  int seen = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto marker = clock->disruption_marker();
    if (!marker) continue;
    ++seen;
    EXPECT_EQ(*marker >> 32, *marker & 0xffff'ffff);
  }
  stop = true;
  EXPECT_GT(seen, 0);
}

TEST(VmClock, AbsentDeviceHasNoMarker) {
  const auto clock = VmClock::open("/dev/there-is-no-such-device");
  ASSERT_TRUE(clock) << clock.error();
  EXPECT_FALSE(clock->has_page());
  EXPECT_EQ(clock->disruption_marker(), std::nullopt);
}

TEST(VmClock, OtherFilesAreRefused) {
  const test::PhcTree tree;
  const auto file = tree.root() / "vmclock0";
  test::PhcTree::write(file, "VCLK");
  EXPECT_EQ(VmClock::open(file).error(), file.string() + " is not a character device");
  EXPECT_FALSE(VmClock::open(tree.root()));
  EXPECT_EQ(VmClock::open("/dev/zero").error(), "/dev/zero has no vmclock page");
  EXPECT_FALSE(VmClock::open("/dev/null"));  // cannot be mapped
}

}  // namespace
}  // namespace pollux::phc
