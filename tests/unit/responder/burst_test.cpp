// A burst of different frames: each comes out as if it were alone, and every one is counted once.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

struct Slot {
  Octets request;
  Verdict verdict;
  std::unique_ptr<test::GuardedBuffer> buffer = std::make_unique<test::GuardedBuffer>();
};

std::vector<Slot> mixed_burst() {
  std::vector<Slot> slots;
  const auto add = [&slots](const Octets& frame, Verdict verdict) {
    slots.push_back({frame, verdict});
  };
  for (std::uint64_t i = 0; i < 4; ++i) {
    add(ipv4_request({.version = 3, .transmit = i}).build(), Verdict::reply_plain);
    add(ipv6_request({.version = 4, .transmit = ~i}).build(), Verdict::reply_plain);
    add(ipv4_request({.mode = 6}).build(), Verdict::drop_mode);
    auto tagged = ipv6_request({.version = 2, .mode = 1});
    tagged.tags = {{test::kTypeVlan, 0x4000}};
    add(tagged.build(), Verdict::reply_plain);
    add(echo_request(ipv4_request(), Octets(64, 3)).build(), Verdict::reply_echo);
    add(test::arp_frame(), Verdict::reply_arp);
    auto with_options = ipv4_request({.version = 1});
    with_options.ipv4_options = Octets(40, 1);
    test::put(with_options.payload, {});
    add(with_options.build(), Verdict::reply_plain);
    add({}, Verdict::drop_truncated);
  }
  return slots;
}

TEST(Burst, EveryFrameAsIfItWereAlone) {
  auto slots = mixed_burst();
  ASSERT_EQ(slots.size(), kMaximumBurst);
  std::array<Packet, kMaximumBurst> packets{};
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].buffer->load(slots[i].request);
    test::describe(packets[i], slots[i].buffer->start(), slots[i].request.size());
  }
  clock::SnapshotLatch latch;
  latch.publish(test::known_snapshot());
  Responder responder{latch, 1};
  const PortPolicy policy{server_settings()};
  const std::uint32_t left = test::judge(responder, packets, policy);
  test::answer(responder, packets, left, policy);

  for (std::size_t i = 0; i < slots.size(); ++i) {
    EXPECT_EQ(name_of(packets[i].verdict), name_of(slots[i].verdict)) << i;
    EXPECT_TRUE(slots[i].buffer->intact()) << i;
    const Octets reply = test::GuardedBuffer::copy(packets[i].frame, packets[i].length);
    if (slots[i].verdict == Verdict::reply_plain) {
      EXPECT_EQ(test::faults_of_ntp_reply(slots[i].request, reply, rules_for(server_settings())),
                "")
          << i;
    } else if (slots[i].verdict == Verdict::reply_echo) {
      EXPECT_EQ(test::faults_of_echo_reply(slots[i].request, reply, rules_for(server_settings())),
                "")
          << i;
    } else if (slots[i].verdict == Verdict::reply_arp) {
      EXPECT_EQ(test::faults_of_arp_reply(slots[i].request, reply, test::kServerMac), "") << i;
    } else {
      EXPECT_EQ(reply, slots[i].request) << i;
    }
  }

  const auto& counters = responder.counters();
  EXPECT_EQ(counters.verdicts[index(Verdict::reply_plain)].read(), 16U);
  EXPECT_EQ(counters.verdicts[index(Verdict::reply_echo)].read(), 4U);
  EXPECT_EQ(counters.verdicts[index(Verdict::reply_arp)].read(), 4U);
  EXPECT_EQ(counters.verdicts[index(Verdict::drop_mode)].read(), 4U);
  EXPECT_EQ(counters.verdicts[index(Verdict::drop_truncated)].read(), 4U);
  EXPECT_EQ(test::frames_counted(counters), kMaximumBurst);
  constexpr std::size_t kIpv4 = 0;
  constexpr std::size_t kIpv6 = 1;
  EXPECT_EQ(counters.answered[kIpv4][3].read(), 4U);
  EXPECT_EQ(counters.answered[kIpv4][1].read(), 4U);
  EXPECT_EQ(counters.answered[kIpv6][4].read(), 4U);
  EXPECT_EQ(counters.answered[kIpv6][2].read(), 4U);
  EXPECT_EQ(counters.answered[kIpv4][4].read(), 0U);
}

TEST(Burst, NothingIsWorthNothing) {
  clock::SnapshotLatch latch;
  Responder responder{latch, 1};
  const PortPolicy policy{server_settings()};
  const std::uint32_t left = test::judge(responder, {}, policy);
  test::answer(responder, {}, left, policy);
  EXPECT_EQ(test::frames_counted(responder.counters()), 0U);
}

// A buffer comes back from the port with what an earlier frame left in its description.
TEST(Burst, NothingIsLeftOfAnEarlierFrame) {
  auto long_request = ipv4_request();
  test::put(long_request.payload, test::extension_field(0x0104, 68));
  const std::vector<Octets> frames{
      long_request.build(), ipv4_request().build(), ipv6_request().build(),
      echo_request(ipv6_request(), Octets(400)).build(), ipv4_request().build()};
  clock::SnapshotLatch latch;
  latch.publish(test::known_snapshot());
  Responder responder{latch, 1};
  const PortPolicy policy{server_settings()};
  test::GuardedBuffer buffer;
  Packet packet;
  for (const auto& frame : frames) {
    buffer.load(frame);
    test::describe(packet, buffer.start(), frame.size());
    const std::uint32_t left = test::judge(responder, {&packet, 1}, policy);
    test::answer(responder, {&packet, 1}, left, policy);
    EXPECT_TRUE(buffer.intact());
    const Octets reply = test::GuardedBuffer::copy(packet.frame, packet.length);
    if (packet.verdict == Verdict::reply_plain) {
      EXPECT_EQ(test::faults_of_ntp_reply(frame, reply, rules_for(server_settings())), "");
    } else {
      EXPECT_EQ(test::faults_of_echo_reply(frame, reply, rules_for(server_settings())), "");
    }
  }
}

}  // namespace
}  // namespace pollux::responder
