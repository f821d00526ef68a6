// What the clock has to do with the reply: header fields, random bits below the precision, order of
// stamps.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/support/dissect.h"
#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

using clock::LeapIndicator;
using test::kKnownTime;

NtpFields reply_to(test::FrameRunner& runner, const NtpFields& request,
                   const RunOptions& options = {}) {
  const PortPolicy policy{server_settings()};
  const auto result = runner.run(policy, ipv4_request(request).build(), options);
  EXPECT_EQ(result.faults, "");
  return test::dissect(result.frame).value().ntp();
}

clock::Snapshot with_precision(int precision) {
  auto snapshot = test::known_snapshot();
  auto fields = clock::unpack(snapshot.header);
  fields.precision = static_cast<std::int8_t>(precision);
  snapshot.header = clock::pack(fields);
  return snapshot;
}

TEST(Stamp, WithoutRandomBitsTheStampsAreExact) {
  test::FrameRunner runner;
  runner.publish(with_precision(-32));
  const auto reply = reply_to(runner, {}, RunOptions{.received = 100, .sent = 250});
  EXPECT_EQ(reply.receive, kKnownTime + 100);
  EXPECT_EQ(reply.transmit, kKnownTime + 250);
}

// RFC 5905 §6: bits beyond the precision are random.
TEST(Stamp, BitsBelowThePrecisionAreRandomAndNoOthers) {
  for (const int precision : {-30, -24, -20, -10, 0}) {
    test::FrameRunner runner;
    runner.publish(with_precision(precision));
    const std::uint64_t unit = std::uint64_t{1} << (32 + precision);
    std::uint64_t receive_ones = 0;
    std::uint64_t receive_zeros = 0;
    std::uint64_t transmit_ones = 0;
    std::uint64_t transmit_zeros = 0;
    for (int i = 0; i < 2'000; ++i) {
      const auto reply = reply_to(runner, {}, RunOptions{.received = 0, .sent = 8 * unit});
      ASSERT_EQ(reply.receive / unit, kKnownTime / unit);
      ASSERT_EQ(reply.transmit / unit, kKnownTime / unit + 8);
      receive_ones |= reply.receive;
      receive_zeros |= ~reply.receive;
      transmit_ones |= reply.transmit;
      transmit_zeros |= ~reply.transmit;
    }
    EXPECT_EQ(receive_ones & receive_zeros, unit - 1) << precision;
    EXPECT_EQ(transmit_ones & transmit_zeros, unit - 1) << precision;
  }
}

TEST(Stamp, RandomBitsDifferFromWorkerToWorkerAndReplyToReply) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    test::FrameRunner runner{seed};
    runner.publish(with_precision(0));
    for (int i = 0; i < 250; ++i) seen.insert(reply_to(runner, {}).receive);
  }
  EXPECT_GT(seen.size(), 995U);
}

TEST(Stamp, TransmitIsAfterReceiveHoweverShortTheStay) {
  for (const int precision : {-128, -32, -31, -24, 0, 5, 127}) {
    test::FrameRunner runner;
    runner.publish(with_precision(precision));
    for (std::uint64_t stay = 0; stay < 200; ++stay) {
      const auto reply = reply_to(runner, {}, RunOptions{.received = 50, .sent = 50 + stay});
      ASSERT_GT(static_cast<std::int64_t>(reply.transmit - reply.receive), 0)
          << precision << ' ' << stay;
    }
  }
}

TEST(Stamp, NeitherStampEqualsTheClients) {
  test::FrameRunner runner;
  runner.publish(with_precision(-32));
  for (std::uint64_t sent = 0; sent < 4; ++sent) {
    for (std::uint64_t guess = 0; guess < 8; ++guess) {
      const std::uint64_t origin = kKnownTime + guess;
      const auto reply =
          reply_to(runner, {.transmit = origin}, RunOptions{.received = 1, .sent = 1 + sent});
      EXPECT_EQ(reply.origin, origin);
      EXPECT_NE(reply.receive, origin);
      EXPECT_NE(reply.transmit, origin);
      EXPECT_GT(reply.transmit, reply.receive);
      EXPECT_LE(reply.receive, kKnownTime + 2);
      EXPECT_LE(reply.transmit, kKnownTime + 1 + sent + 2);
    }
  }
}

TEST(Stamp, CrossesTheEraBoundary) {
  test::FrameRunner runner;
  auto snapshot = with_precision(-32);
  snapshot.map.base_time = {~std::uint64_t{0} - 9};
  runner.publish(snapshot);
  const auto reply = reply_to(runner, {}, RunOptions{.received = 5, .sent = 15});
  EXPECT_EQ(reply.receive, ~std::uint64_t{0} - 4);
  EXPECT_EQ(reply.transmit, 5U);
  const auto narrow = reply_to(runner, {}, RunOptions{.received = 9, .sent = 9});
  EXPECT_EQ(narrow.receive, ~std::uint64_t{0});
  EXPECT_EQ(narrow.transmit, 0U);
}

TEST(Stamp, HeaderOfEveryLeapAndStratum) {
  for (unsigned leap = 0; leap < 4; ++leap) {
    for (const unsigned stratum : {0U, 1U, 10U, 15U, 255U}) {
      test::FrameRunner runner;
      auto snapshot = test::known_snapshot();
      snapshot.header = clock::pack({.leap = static_cast<LeapIndicator>(leap),
                                     .stratum = static_cast<std::uint8_t>(stratum),
                                     .precision = -20,
                                     .root_delay = 0xffff'ffff,
                                     .root_dispersion = 0xffff'fffe,
                                     .reference_id = 0xffff'fffd});
      runner.publish(snapshot);
      for (const auto& frame :
           {ipv4_request({.leap = 3, .version = 3}), ipv6_request({.version = 2, .mode = 1})}) {
        auto rules = rules_for(server_settings());
        rules.served.leap = leap;
        rules.served.stratum = static_cast<std::uint8_t>(stratum);
        rules.served.precision = -20;
        rules.served.root_delay = 0xffff'ffff;
        rules.served.root_dispersion = 0xffff'fffe;
        rules.served.reference_id = 0xffff'fffd;
        const Octets request = frame.build();
        const auto result = runner.run(PortPolicy{server_settings()}, request);
        EXPECT_EQ(test::faults_of_ntp_reply(request, result.frame, rules), "");
      }
    }
  }
}

// Replies of one burst leave one after another: usual ones, others and those without a time alike.
TEST(Stamp, EachReplyOfABurstTakesItsTurnOnTheWire) {
  constexpr std::int64_t kWireTime = 392;
  auto tagged = ipv6_request();
  tagged.tags = {{test::kTypeVlan, 0}};
  const std::vector<Octets> frames{
      ipv4_request().build(), test::arp_frame(),      ipv4_request({.mode = 6}).build(),
      tagged.build(),         ipv6_request().build(), ipv4_request().build()};
  const std::vector<std::uint64_t> turns{0, 1, 0, 2, 3, 4};
  clock::SnapshotLatch latch;
  latch.publish(with_precision(-32));
  Responder responder{latch, 1};
  const PortPolicy policy{server_settings()};
  std::vector<test::GuardedBuffer> buffers(frames.size());
  std::vector<Packet> packets(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    buffers[i].load(frames[i]);
    test::describe(packets[i], buffers[i].start(), frames[i].size());
  }
  const RunOptions options{.received = 100, .sent = 250, .wire_time = kWireTime};
  const std::uint32_t left = test::judge(responder, packets, policy, options);
  test::answer(responder, packets, left, policy, options);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (packets[i].verdict != Verdict::reply_plain) continue;
    const auto reply =
        test::dissect(test::GuardedBuffer::copy(packets[i].frame, packets[i].length)).value();
    EXPECT_TRUE(reply.udp_checksum_right) << i;
    EXPECT_EQ(reply.ntp().receive, kKnownTime + 100) << i;
    EXPECT_EQ(reply.ntp().transmit, kKnownTime + 250 + turns[i] * kWireTime) << i;
  }
}

// Whatever the turn and the random bits, and also where the client's stamp is met.
TEST(Stamp, TurnsOnTheWireKeepTheOrderOfStamps) {
  for (const int precision : {-32, -24, -10}) {
    clock::SnapshotLatch latch;
    latch.publish(with_precision(precision));
    Responder responder{latch, 1};
    const PortPolicy policy{server_settings()};
    std::vector<test::GuardedBuffer> buffers(kMaximumBurst);
    std::vector<Packet> packets(kMaximumBurst);
    const RunOptions options{.received = 50, .sent = 50, .wire_time = 3};
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const auto frame = ipv4_request({.transmit = kKnownTime + 50 + 3 * i}).build();
      buffers[i].load(frame);
      test::describe(packets[i], buffers[i].start(), frame.size());
    }
    const std::uint32_t left = test::judge(responder, packets, policy, options);
    EXPECT_EQ(left, 0U);
    test::answer(responder, packets, left, policy, options);
    for (const Packet& packet : packets) {
      const auto reply =
          test::dissect(test::GuardedBuffer::copy(packet.frame, packet.length)).value().ntp();
      EXPECT_GT(static_cast<std::int64_t>(reply.transmit - reply.receive), 0) << precision;
      EXPECT_NE(reply.transmit, reply.origin) << precision;
      EXPECT_NE(reply.receive, reply.origin) << precision;
    }
  }
}

// Where the port stamps frames each reply has the T2 of its own request; what is dropped or has no
// time takes no other's.
TEST(Stamp, EachRequestHasItsOwnReceiveTime) {
  constexpr std::int64_t kWireTime = 392;
  const std::vector<Octets> frames{ipv4_request().build(), ipv4_request({.mode = 6}).build(),
                                   test::arp_frame(), ipv6_request().build(),
                                   ipv4_request().build()};
  for (const bool port_completes : {false, true}) {
    clock::SnapshotLatch latch;
    auto snapshot = with_precision(-32);
    snapshot.receive_compensation = -5;
    latch.publish(snapshot);
    Responder responder{latch, 1};
    auto settings = server_settings();
    settings.transmit_checksums = port_completes;
    const PortPolicy policy{settings};
    std::vector<test::GuardedBuffer> buffers(frames.size());
    std::vector<Packet> packets(frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      buffers[i].load(frames[i]);
      test::describe(packets[i], buffers[i].start(), frames[i].size());
    }
    // The last one came later than the reading just before transmission says.
    const RunOptions options{.sent = 250,
                             .wire_time = kWireTime,
                             .stamped = {{test::kKnownCounter + 100},
                                         {test::kKnownCounter + 110},
                                         {test::kKnownCounter + 90},
                                         {test::kKnownCounter + 5'000}}};
    const std::uint32_t left = test::judge(responder, packets, policy, options);
    test::answer(responder, packets, left, policy, options);
    const auto reply_at = [&](std::size_t i) {
      return test::dissect(test::GuardedBuffer::copy(packets[i].frame, packets[i].length)).value();
    };
    for (const std::size_t i : {0U, 3U, 4U})
      EXPECT_EQ(reply_at(i).udp_checksum_right, !port_completes) << i;
    EXPECT_EQ(reply_at(0).ntp().receive, kKnownTime + 95);
    EXPECT_EQ(reply_at(0).ntp().transmit, kKnownTime + 250);
    EXPECT_EQ(reply_at(3).ntp().receive, kKnownTime + 85);
    EXPECT_EQ(reply_at(3).ntp().transmit, kKnownTime + 250 + 2 * kWireTime);
    EXPECT_EQ(reply_at(4).ntp().receive, kKnownTime + 4'995);
    EXPECT_GT(reply_at(4).ntp().transmit, reply_at(4).ntp().receive);
  }
}

// Silence would cost a pool server its score: what is not known is said (LI 3, stratum 0).
TEST(Stamp, UnsynchronisedIsAnswered) {
  clock::SnapshotLatch latch;
  Responder responder{latch, 1};
  test::GuardedBuffer buffer;
  const Octets request = ipv4_request().build();
  buffer.load(request);
  Packet packet;
  test::describe(packet, buffer.start(), request.size());
  const PortPolicy policy{server_settings()};
  const std::uint32_t left = test::judge(responder, {&packet, 1}, policy);
  test::answer(responder, {&packet, 1}, left, policy);
  const auto reply = test::dissect(test::GuardedBuffer::copy(packet.frame, packet.length)).value();
  EXPECT_TRUE(reply.udp_checksum_right);
  EXPECT_EQ(reply.ntp().leap, 3U);
  EXPECT_EQ(reply.ntp().stratum, 0U);
  EXPECT_EQ(reply.ntp().mode, 4U);
  EXPECT_EQ(reply.ntp().root_dispersion, 0x1'0000U);
}

TEST(Stamp, AStoppedClockThreadIsSaid) {
  test::FrameRunner runner;
  auto snapshot = test::known_snapshot();
  snapshot.void_after = {test::kKnownCounter + 1'000};
  runner.publish(snapshot);
  EXPECT_EQ(reply_to(runner, {}, RunOptions{.received = 900, .sent = 1'000}).leap, 0U);
  const auto late = reply_to(runner, {}, RunOptions{.received = 900, .sent = 1'001});
  EXPECT_EQ(late.leap, 3U);
  EXPECT_EQ(late.stratum, 0U);
}

}  // namespace
}  // namespace pollux::responder
