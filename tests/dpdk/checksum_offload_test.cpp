// What a burst says to a port that checks and completes checksums. A few lines of software stand in
// for such a port; no EAL.
#include <gtest/gtest.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "dataplane/port/burst.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/support/dissect.h"
#include "tests/support/frame_runner.h"
#include "tests/support/known_clock.h"

namespace pollux::test {
namespace {

using responder::is_reply;
using responder::Verdict;

constexpr std::uint64_t kTransmitFlags = RTE_MBUF_F_TX_OFFLOAD_MASK & ~RTE_MBUF_F_EXTERNAL;

struct Buffer {
  std::unique_ptr<rte_mbuf> owned = std::make_unique<rte_mbuf>();  // cannot be a member
  rte_mbuf& header = *owned;
  alignas(64) std::array<std::uint8_t, RTE_MBUF_DEFAULT_BUF_SIZE> room{};

  void load(const Octets& frame, std::uint64_t flags) {
    header.buf_addr = room.data();
    header.buf_len = static_cast<std::uint16_t>(room.size());
    header.data_off = RTE_PKTMBUF_HEADROOM;
    header.nb_segs = 1;
    header.ol_flags = flags;
    header.tx_offload = ~std::uint64_t{0};
    header.data_len = static_cast<std::uint16_t>(frame.size());
    header.pkt_len = header.data_len;
    std::ranges::copy(frame, room.begin() + RTE_PKTMBUF_HEADROOM);
  }

  [[nodiscard]] Octets frame() const {
    const auto* octets = rte_pktmbuf_mtod(&header, const std::uint8_t*);
    return {octets, octets + header.data_len};
  }
};

// A burst through the stages in the worker's order.
class BurstRun {
 public:
  explicit BurstRun(const responder::PolicySettings& settings) : policy_{settings} {
    latch_.publish(known_snapshot());
  }

  // At most a burst of frames, with these flags from the port.
  void answer(const std::vector<Octets>& frames, std::uint64_t flags = 0) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      buffers_[i].load(frames[i], flags);
      burst_.buffers()[i] = &buffers_[i].header;
    }
    burst_.set_received(static_cast<std::uint16_t>(frames.size()));
    burst_.turn_usual(responder_, policy_);
    if (burst_.has_left()) {
      burst_.describe_left();
      const auto packets = burst_.left();
      responder::Responder::classify(packets, policy_);
      responder_.limit(packets, {kKnownCounter}, {.interval = 1, .burst = 1000});
      responder_.prepare(packets, policy_);
      burst_.part();
    }
    if (policy_.transmit_checksums()) burst_.request_checksums();
    responder_.stamp(policy_, {kKnownCounter + 10'000}, {kKnownCounter + 20'000}, {});
  }

  [[nodiscard]] Buffer& buffer(std::size_t i) { return buffers_.at(i); }
  // Of the i-th frame: what left no packet behind was a usual request.
  [[nodiscard]] Verdict verdict(std::size_t i) {
    const std::byte* room = reinterpret_cast<const std::byte*>(buffers_[i].room.data());
    for (const responder::Packet& packet : burst_.left()) {
      if (packet.frame >= room && packet.frame < room + buffers_[i].room.size())
        return packet.verdict;
    }
    return Verdict::reply_plain;
  }
  [[nodiscard]] port::Burst& burst() { return burst_; }

 private:
  responder::PortPolicy policy_;
  clock::SnapshotLatch latch_;
  responder::Responder responder_{latch_, 1};
  port::Burst burst_;
  std::array<Buffer, responder::kMaximumBurst> buffers_;
};

responder::PolicySettings policy(bool transmit_checksums) {
  auto settings = server_settings();
  settings.vlans = {100};
  settings.denied_source_ports = {53};
  settings.transmit_checksums = transmit_checksums;
  return settings;
}

// What the port is asked for, as it is documented for the driver (rte_mbuf_core.h).
void expect_request(const Buffer& buffer, Verdict verdict, const std::string& name) {
  const rte_mbuf& header = buffer.header;
  const std::uint64_t flags = header.ol_flags & kTransmitFlags;
  const auto reply = dissect(buffer.frame()).value();
  const std::uint64_t family =
      reply.is_ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
  const std::uint64_t udp = verdict == Verdict::reply_plain ? RTE_MBUF_F_TX_UDP_CKSUM : 0;
  EXPECT_EQ(flags, family | udp) << name;
  EXPECT_EQ(header.l2_len, reply.ip_offset) << name;
  EXPECT_EQ(header.l3_len, reply.is_ipv6 ? 40U : 20U) << name;
  EXPECT_EQ(header.l4_len, 0U) << name;
  EXPECT_EQ(header.tso_segsz, 0U) << name;
  EXPECT_EQ(rte_validate_tx_offload(&header), 0) << name;
}

// The port's part of the work.
void complete(Buffer& buffer, const std::string& name) {
  const rte_mbuf& header = buffer.header;
  if ((header.ol_flags & kTransmitFlags) == 0) return;
  auto* ip = rte_pktmbuf_mtod_offset(&buffer.header, std::uint8_t*, header.l2_len);
  std::uint16_t pseudo = 0;
  if ((header.ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0) {
    auto* ipv4 = reinterpret_cast<rte_ipv4_hdr*>(ip);
    EXPECT_EQ(ipv4->hdr_checksum, 0) << name;
    ipv4->hdr_checksum = rte_ipv4_cksum(ipv4);
    pseudo = rte_ipv4_phdr_cksum(ipv4, header.ol_flags);
  } else {
    pseudo = rte_ipv6_phdr_cksum(reinterpret_cast<rte_ipv6_hdr*>(ip), header.ol_flags);
  }
  if ((header.ol_flags & RTE_MBUF_F_TX_UDP_CKSUM) == 0) return;
  auto* udp = ip + header.l3_len;
  std::uint16_t found = 0;
  std::memcpy(&found, udp + 6, sizeof found);
  EXPECT_EQ(found, pseudo) << name;
  const auto length = static_cast<std::size_t>(header.data_len - header.l2_len - header.l3_len);
  const auto sum = static_cast<std::uint16_t>(~rte_raw_cksum(udp, length));
  const std::uint16_t checksum = sum == 0 ? std::uint16_t{0xffff} : sum;
  std::memcpy(udp + 6, &checksum, sizeof checksum);
}

void expect_completed(Buffer& buffer, const FrameKind& kind, const Octets& request,
                      bool transmit_checksums) {
  if (!transmit_checksums || kind.verdict == Verdict::reply_arp) {
    EXPECT_EQ(buffer.header.ol_flags & kTransmitFlags, 0U) << kind.name;
  } else {
    expect_request(buffer, kind.verdict, kind.name);
  }
  complete(buffer, kind.name);
  EXPECT_EQ(faults_of_reply(kind.verdict, request, buffer.frame(), kServerMac,
                            known_values(10'000, 20'000)),
            "")
      << kind.name;
}

TEST(TransmitOffload, EveryReplyIsRightOnceThePortHasCompletedIt) {
  for (const bool transmit_checksums : {true, false}) {
    const auto run = std::make_unique<BurstRun>(policy(transmit_checksums));
    for (const auto& kind : frame_kinds(kServerMac)) {
      const Octets request = kind.build(1);
      run->answer({request});
      ASSERT_EQ(run->verdict(0), kind.verdict) << kind.name;
      if (is_reply(kind.verdict)) {
        expect_completed(run->buffer(0), kind, request, transmit_checksums);
      } else {
        EXPECT_EQ(run->buffer(0).header.ol_flags, 0U) << kind.name;
        EXPECT_EQ(run->buffer(0).frame(), request) << kind.name;
      }
    }
  }
}

TEST(TransmitOffload, HoldsForEveryFrameOfAMixedBurst) {
  const auto run = std::make_unique<BurstRun>(policy(true));
  const auto kinds = frame_kinds(kServerMac);
  Random random{7};
  for (int round = 0; round < 200; ++round) {
    std::vector<const FrameKind*> chosen;
    std::vector<Octets> requests;
    for (std::size_t i = 0; i < 1 + random.below(responder::kMaximumBurst); ++i) {
      chosen.push_back(&kinds[random.below(kinds.size())]);
      requests.push_back(chosen.back()->build(i));
    }
    run->answer(requests);
    std::vector<rte_mbuf*> replies;
    std::vector<rte_mbuf*> others;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const bool answered = is_reply(chosen[i]->verdict);
      (answered ? replies : others).push_back(&run->buffer(i).header);
      if (answered) expect_completed(run->buffer(i), *chosen[i], requests[i], true);
    }
    EXPECT_TRUE(std::ranges::equal(run->burst().replies(), replies));
    EXPECT_TRUE(std::ranges::equal(run->burst().others(), others));
  }
}

TEST(TransmitOffload, HoldsForABurstOfUsualRequests) {
  const auto run = std::make_unique<BurstRun>(policy(true));
  const std::vector<Octets> requests{ipv4_request().build(), ipv6_request().build()};
  run->answer(requests);
  const FrameKind kind{.name = "usual", .verdict = Verdict::reply_plain, .frame = {}, .whole = {}};
  ASSERT_EQ(run->burst().replies().size(), 2U);
  EXPECT_TRUE(run->burst().others().empty());
  for (std::size_t i = 0; i < 2; ++i) expect_completed(run->buffer(i), kind, requests[i], true);
}

// The driver that gave an attached buffer finds it again by these.
TEST(TransmitOffload, FlagsOfTheBufferItselfStay) {
  const auto run = std::make_unique<BurstRun>(policy(true));
  constexpr std::uint64_t kGiven = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_RX_RSS_HASH;
  auto with_options = ipv4_request();
  with_options.ipv4_options = from_hex("94040000");
  run->answer({with_options.build(), ipv6_request().build(), arp_frame()}, kGiven);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(is_reply(run->verdict(i)));
    EXPECT_EQ(run->buffer(i).header.ol_flags & kGiven, kGiven) << i;
  }
  EXPECT_EQ(run->buffer(2).header.ol_flags, kGiven);
}

// The port looked at the checksums: what it calls good is believed, what it calls bad or does not
// speak of is looked at.
TEST(ReceiveOffload, OnlyGoodIsBelieved) {
  struct Row {
    std::uint64_t ip;
    std::uint64_t udp;
    bool believes_ip;
    bool believes_udp;
  };
  constexpr std::array kRows{
      Row{RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_GOOD, true, true},
      Row{RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_BAD, true, false},
      Row{RTE_MBUF_F_RX_IP_CKSUM_BAD, RTE_MBUF_F_RX_L4_CKSUM_GOOD, false, true},
      Row{RTE_MBUF_F_RX_IP_CKSUM_BAD, RTE_MBUF_F_RX_L4_CKSUM_BAD, false, false},
      Row{RTE_MBUF_F_RX_IP_CKSUM_NONE, RTE_MBUF_F_RX_L4_CKSUM_NONE, false, false},
      Row{RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, false, false},
  };
  const auto run = std::make_unique<BurstRun>(policy(false));
  auto wrong_ip = ipv4_request();
  wrong_ip.wrong_ip_checksum = true;
  auto wrong_udp = ipv4_request();
  wrong_udp.udp_checksum = UdpChecksum::kWrong;
  auto wrong_udp6 = ipv6_request();
  wrong_udp6.udp_checksum = UdpChecksum::kWrong;
  const auto expected = [](bool believed, Verdict otherwise) {
    return believed ? Verdict::reply_plain : otherwise;
  };
  for (const auto& row : kRows) {
    run->answer({ipv4_request().build(), ipv6_request().build(), wrong_ip.build(),
                 wrong_udp.build(), wrong_udp6.build()},
                row.ip | row.udp | RTE_MBUF_F_RX_RSS_HASH);
    EXPECT_EQ(run->verdict(0), Verdict::reply_plain);
    EXPECT_EQ(run->verdict(1), Verdict::reply_plain);
    EXPECT_EQ(run->verdict(2), expected(row.believes_ip, Verdict::drop_ip_checksum));
    EXPECT_EQ(run->verdict(3), expected(row.believes_udp, Verdict::drop_udp_checksum));
    EXPECT_EQ(run->verdict(4), expected(row.believes_udp, Verdict::drop_udp_checksum));
  }
}

}  // namespace
}  // namespace pollux::test
