// Which stamps of a port are believed. The place of a stamp is chosen here instead of by DPDK; no
// EAL.
#include "dataplane/port/receive_stamps.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pollux::port {
namespace {

using clock::Counter;

constexpr std::uint64_t kFlag = std::uint64_t{1} << 40U;
constexpr std::int64_t kLongestWait = 1'000;
constexpr Counter kNow{5'000'000};
constexpr Counter kOtherwise{4'999'990};
// The first place among the dynamic fields that is aligned as DPDK would align a stamp.
constexpr std::size_t kField =
    RTE_ALIGN_CEIL(offsetof(rte_mbuf, dynfield1), alignof(rte_mbuf_timestamp_t));

class Stamps : public testing::Test {
 protected:
  // A card whose clock makes one tick in two of the counter.
  static clock::NicMap map() {
    return {.base_ticks = 100,
            .base = {4'000'000},
            .multiplier = std::int64_t{2} << clock::NicMap::kShift,
            .void_after = kNow};
  }

  // The stamp that says `when`.
  static std::uint64_t stamp_of(Counter when) {
    return 100 + static_cast<std::uint64_t>((when - Counter{4'000'000}) / 2);
  }

  void add(std::uint64_t stamp, std::uint64_t flags = kFlag) {
    auto& frame = *owned_.emplace_back(std::make_unique<rte_mbuf>());
    frame.ol_flags = flags;
    *RTE_MBUF_DYNFIELD(&frame, source_.field_offset, rte_mbuf_timestamp_t*) = stamp;
    frames_.push_back(&frame);
  }

  std::vector<Counter> read(Counter now = kNow) {
    const auto received = stamps_.read(source_, frames_, now, kOtherwise);
    return {received.begin(), received.end()};
  }

  clock::NicMapLatch latch_;
  StampSource source_{
      .latch = &latch_, .field_offset = kField, .flag = kFlag, .longest_wait = kLongestWait};
  ReceiveStamps stamps_;
  std::vector<std::unique_ptr<rte_mbuf>> owned_;
  std::vector<rte_mbuf*> frames_;
};

TEST_F(Stamps, AreBelievedWithinTheLongestWaitAndNoLonger) {
  latch_.publish(map());
  add(stamp_of(kNow));
  add(stamp_of(kNow) + 1);
  add(stamp_of(kNow + -kLongestWait));
  add(stamp_of(kNow + -kLongestWait) - 1);
  add(stamp_of(kNow + -500));
  add(0);
  add(~std::uint64_t{0});
  const std::vector<Counter> expected{
      kNow, kOtherwise, kNow + -kLongestWait, kOtherwise, kNow + -500, kOtherwise, kOtherwise};
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(stamps_.used(), 3U);
  EXPECT_EQ(stamps_.refused(), 4U);
}

TEST_F(Stamps, CountOnlyWhereTheFrameSaysThatItHasOne) {
  latch_.publish(map());
  add(stamp_of(kNow + -100), 0);
  add(stamp_of(kNow + -100), ~kFlag);
  add(stamp_of(kNow + -100), ~std::uint64_t{0});
  EXPECT_EQ(read(), (std::vector{kOtherwise, kOtherwise, kNow + -100}));
  EXPECT_EQ(stamps_.used(), 1U);
  EXPECT_EQ(stamps_.refused(), 2U);
}

TEST_F(Stamps, AreNotBelievedWithoutAMap) {
  add(stamp_of(kNow + -100));
  EXPECT_EQ(read(), std::vector{kOtherwise});
  latch_.publish({});
  EXPECT_EQ(read(), std::vector{kOtherwise});
  latch_.publish(map());
  EXPECT_EQ(read(), std::vector{kNow + -100});
  EXPECT_EQ(read(kNow + 1), std::vector{kOtherwise}) << "the map is void";
  latch_.publish({});
  EXPECT_EQ(read(), std::vector{kOtherwise});
  EXPECT_EQ(stamps_.used(), 1U);
  EXPECT_EQ(stamps_.refused(), 4U);
}

TEST_F(Stamps, AFullBurstFits) {
  latch_.publish(map());
  std::vector<Counter> expected;
  for (std::size_t i = 0; i < responder::kMaximumBurst; ++i) {
    expected.push_back(kNow + -2 * static_cast<std::int64_t>(i));
    add(stamp_of(expected.back()));
  }
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(stamps_.used(), responder::kMaximumBurst);
}

}  // namespace
}  // namespace pollux::port
