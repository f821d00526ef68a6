// The ring that hands buffers from one thread to another, and which frames go first. No EAL.
#include "dataplane/port/buffer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <thread>
#include <vector>

#include "dataplane/port/kernel_link.h"
#include "dataplane/responder/classify.h"
#include "tests/support/frame_runner.h"
#include "tests/support/packet_builder.h"

namespace pollux::test {
namespace {

using port::BufferQueue;

class Buffers : public testing::Test {
 protected:
  Buffers() {
    for (std::size_t i = 0; i < buffers_.size(); ++i) all_[i] = &buffers_[i];
  }
  [[nodiscard]] std::span<rte_mbuf* const> some(std::size_t first, std::size_t count) const {
    return std::span{all_}.subspan(first, count);
  }

  std::array<rte_mbuf, 64> buffers_{};
  std::array<rte_mbuf*, 64> all_{};
  std::array<rte_mbuf*, 64> taken_{};
};

TEST_F(Buffers, ComeOutInTheirOrder) {
  BufferQueue queue{5};
  EXPECT_EQ(queue.capacity(), 8U);
  EXPECT_TRUE(queue.is_empty());
  std::deque<rte_mbuf*> expected;
  for (std::size_t round = 0; round < 50; ++round) {
    const auto offered = some(round, 1 + round % 6);
    const std::size_t put = queue.put(offered);
    expected.insert(expected.end(), offered.begin(),
                    offered.begin() + static_cast<std::ptrdiff_t>(put));
    for (rte_mbuf* buffer : queue.take(std::span{taken_}.first(1 + round % 7))) {
      ASSERT_FALSE(expected.empty());
      EXPECT_EQ(buffer, expected.front());
      expected.pop_front();
    }
  }
}

TEST_F(Buffers, FindNoPlaceInAFullQueue) {
  BufferQueue queue{8};
  EXPECT_EQ(queue.put(some(0, 10)), 8U);
  EXPECT_EQ(queue.room(), 0U);
  EXPECT_EQ(queue.put(some(10, 1)), 0U);
  EXPECT_EQ(queue.take(std::span{taken_}.first(3)).size(), 3U);
  EXPECT_EQ(queue.put(some(10, 5)), 3U);
  EXPECT_EQ(queue.take(taken_).size(), 8U);
  EXPECT_TRUE(queue.is_empty());
}

TEST_F(Buffers, LeaveTheReserveFree) {
  BufferQueue queue{8};
  EXPECT_EQ(queue.put(some(0, 10), 3), 5U);
  EXPECT_EQ(queue.put(some(0, 1), 3), 0U);
  EXPECT_EQ(queue.put(some(0, 10)), 3U);
  EXPECT_EQ(queue.put(some(0, 1), 3), 0U);
  EXPECT_EQ(queue.put(some(0, 1), 100), 0U);
}

TEST_F(Buffers, GoFromThreadToThread) {
  constexpr std::size_t kCount = 200'000;
  BufferQueue queue{16};
  std::jthread other{[&] {
    for (std::size_t put = 0; put < kCount;) {
      const std::size_t first = put % buffers_.size();
      const std::size_t count = std::min({std::size_t{7}, buffers_.size() - first, kCount - put});
      const std::size_t done = queue.put(some(first, count));
      put += done;
      if (done == 0) std::this_thread::yield();
    }
  }};
  std::size_t wrong = 0;
  for (std::size_t seen = 0; seen < kCount;) {
    const auto taken = queue.take(std::span{taken_}.first(5));
    for (rte_mbuf* buffer : taken) {
      wrong += buffer == all_[seen % all_.size()] ? 0U : 1U;
      ++seen;
    }
    if (taken.empty()) std::this_thread::yield();
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(queue.is_empty());
}

// Whether a frame for the kernel may take the places that are kept free.
bool goes_first(Octets octets) {
  responder::PolicySettings settings = server_settings();
  settings.kernel_behind_port = true;
  settings.vlans = {100};
  const responder::PortPolicy policy{settings};
  responder::Packet packet;
  packet.frame = reinterpret_cast<std::byte*>(octets.data());
  packet.length = static_cast<std::uint16_t>(octets.size());
  packet.room = packet.length;
  EXPECT_EQ(responder::classify_frame(packet, policy), responder::Verdict::to_kernel);
  return port::keeps_reachable(packet);
}

TEST(KeepsReachable, AddressResolution) {
  const auto solicited = [](std::vector<Tag> tags) {
    Frame frame = solicitation(address("2001:db8::10"), address("2001:db8::1"), {});
    frame.tags = std::move(tags);
    return frame.build();
  };
  EXPECT_TRUE(goes_first(arp_frame()));
  EXPECT_TRUE(goes_first(arp_frame({.tags = {{kTypeVlan, 100}}})));
  EXPECT_TRUE(goes_first(solicited({})));
  EXPECT_TRUE(goes_first(solicited({{kTypeVlan, 100}})));
}

TEST(KeepsReachable, NothingElse) {
  Frame frame = ipv4_request();
  frame.protocol = 6;
  EXPECT_FALSE(goes_first(frame.build()));
  EXPECT_FALSE(goes_first(echo_request(ipv6_request(), Octets(8)).build()));
  EXPECT_FALSE(goes_first(arp_frame({.tags = {{kTypeVlan, 9}}})));
  frame = ipv6_request();
  frame.destination_port = 22;
  EXPECT_FALSE(goes_first(frame.build()));
  frame.ether_type = 0x88cc;
  EXPECT_FALSE(goes_first(frame.build()));
}

}  // namespace
}  // namespace pollux::test
