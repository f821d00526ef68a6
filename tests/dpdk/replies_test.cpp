// Frames of every kind through a real worker on a port of rings: the right reply or none, each
// counted once, every buffer back where it came from.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <numeric>
#include <thread>

#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"

namespace pollux::test {
namespace {

using responder::is_reply;
using responder::Verdict;

// The counters that a run of frames has to end with.
struct Expected {
  std::array<std::uint64_t, responder::kVerdictCount> verdicts{};
  std::array<std::array<std::uint64_t, responder::kVersions>, responder::kFamilies> answered{};
  std::uint64_t frames = 0;

  void add(Verdict verdict, const Octets& frame) {
    ++frames;
    ++verdicts[index(verdict)];
    if (verdict != Verdict::reply_plain) return;
    const auto request = dissect(frame).value();
    ++answered[request.is_ipv6 ? 1 : 0][request.ntp().version];
  }

  void expect_in(const port::WorkerReport& worker) const {
    EXPECT_EQ(worker.packets, frames);
    EXPECT_EQ(worker.answered, answered);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      EXPECT_EQ(worker.verdicts[i], verdicts[i]) << responder::kVerdicts[i].name;
    }
  }
};

// Replies that the histogram of a worker has.
std::uint64_t residence_of(const port::WorkerReport& worker) {
  return std::accumulate(worker.residence.begin(), worker.residence.end(), std::uint64_t{0});
}

struct Asked {
  const FrameKind* kind;
  Octets frame;
};

class Replies : public testing::Test {
 protected:
  Replies() : run_{settings_for({server_port("rings", ring_.device())})} { run_.start(); }

  void expect_reply(const Asked& asked, const Octets& reply) {
    EXPECT_EQ(
        faults_of_reply(asked.kind->verdict, asked.frame, reply, kRingMac, run_.clock().served()),
        "")
        << asked.kind->name;
  }

  // One frame alone: answered or dropped as it ought to be.
  void expect_kind(const FrameKind& kind) {
    const Asked asked{&kind, kind.build(expected_.frames)};
    ASSERT_TRUE(ring_.send(asked.frame));
    expected_.add(kind.verdict, asked.frame);
    ASSERT_TRUE(run_.wait_for_packets(expected_.frames));
    const auto reply = ring_.receive();
    ASSERT_EQ(reply.has_value(), is_reply(kind.verdict)) << kind.name;
    if (reply) expect_reply(asked, *reply);
  }

  void receive_all(std::deque<Asked>& waiting) {
    while (const auto reply = ring_.receive()) {
      ASSERT_FALSE(waiting.empty()) << "a reply that nobody asked for";
      expect_reply(waiting.front(), *reply);
      ASSERT_FALSE(HasFailure());
      waiting.pop_front();
    }
  }

  RingPort ring_{"rings"};
  DataplaneRun run_;
  Expected expected_;
};

TEST_F(Replies, EveryKindIsAnsweredOrDropped) {
  for (const auto& kind : frame_kinds(kRingMac)) expect_kind(kind);
  expected_.expect_in(run_.report().workers.at(0));
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
}

TEST_F(Replies, HundredThousandFramesOfEveryKindLeakNothing) {
  constexpr std::uint64_t kFrames = 100'000;
  const auto kinds = frame_kinds(kRingMac);
  Random random{1};
  std::deque<Asked> waiting;
  while (expected_.frames < kFrames) {
    const auto& kind = kinds[random.below(kinds.size())];
    Asked asked{&kind, kind.build(expected_.frames)};
    ASSERT_TRUE(wait_until([&] {
      receive_all(waiting);
      return HasFailure() || ring_.send(asked.frame);
    }));
    ASSERT_FALSE(HasFailure());
    expected_.add(kind.verdict, asked.frame);
    if (is_reply(kind.verdict)) waiting.push_back(std::move(asked));
  }
  ASSERT_TRUE(run_.wait_for_packets(kFrames));
  receive_all(waiting);
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
  const auto report = run_.report();
  expected_.expect_in(report.workers.at(0));
  EXPECT_EQ(report.ports.at(0).rx_packets, kFrames);
  EXPECT_EQ(report.ports.at(0).counted.tx_full, 0U);
  EXPECT_EQ(report.buffers_in_use, 0U);
}

TEST_F(Replies, FramesInSeveralBuffersAreDropped) {
  for (const auto& frame : {ipv4_request(), ipv6_request()}) {
    const Octets octets = frame.build();
    for (const std::size_t first : {std::size_t{14}, std::size_t{60}, octets.size() - 1}) {
      ASSERT_TRUE(ring_.send_in_pieces(octets, first));
      ++expected_.frames;
    }
  }
  ASSERT_TRUE(run_.wait_for_packets(expected_.frames));
  EXPECT_EQ(run_.verdicts(Verdict::drop_truncated), expected_.frames);
  EXPECT_EQ(ring_.receive(), std::nullopt);
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
}

TEST_F(Replies, ReportTellsOfPortAndWorker) {
  for (int i = 0; i < 100; ++i) expect_kind(frame_kinds(kRingMac).front());
  const auto report = run_.report();
  const auto& worker = report.workers.at(0);
  EXPECT_EQ(worker.packets, 100U);
  EXPECT_TRUE(worker.running);
  EXPECT_GE(worker.busy_polls, 1U);
  EXPECT_LE(worker.busy_polls, 100U);
  EXPECT_GE(worker.polls, worker.busy_polls);
  EXPECT_GT(worker.busy_cycles, 0U);
  const auto counted = [this] { return residence_of(run_.report().workers.at(0)); };
  EXPECT_TRUE(wait_until([&] { return counted() == 100; })) << counted();
  const auto& port = report.ports.at(0);
  EXPECT_EQ(port.name, "rings");
  EXPECT_EQ(port.device, ring_.device());
  EXPECT_EQ(port.driver, "net_ring");
  EXPECT_EQ(port.checksum, "software");
  EXPECT_EQ(port.queues, 1U);
  EXPECT_TRUE(port.link_up);
  EXPECT_EQ(port.rx_packets, 100U);
  EXPECT_EQ(port.tx_packets, 100U);
}

// The allowance is a tenth of a second's worth at once, and no less than eight.
TEST(HostReplies, AreLimited) {
  RingPort ring{"rings"};
  auto settings = settings_for({server_port("rings", ring.device())});
  settings.host_replies = 1;
  DataplaneRun run{settings};
  run.start();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(ring.send(arp_frame()));
  ASSERT_TRUE(run.wait_for_packets(100));
  const auto answered = run.verdicts(Verdict::reply_arp);
  EXPECT_GE(answered, 8U);
  EXPECT_LE(answered, 30U);
  EXPECT_EQ(run.verdicts(Verdict::drop_host_limit), 100 - answered);
}

TEST(SleepingWorker, AnswersLikeOneThatPolls) {
  RingPort ring{"rings"};
  auto settings = settings_for({server_port("rings", ring.device())});
  settings.sleep_when_idle = true;
  settings.burst = 1;
  DataplaneRun run{settings};
  run.start();
  const auto kind = frame_kinds(kRingMac).front();
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto request = kind.build(i);
    ASSERT_TRUE(ring.send(request));
    ASSERT_TRUE(run.wait_for_packets(i + 1));
    EXPECT_EQ(faults_of_reply(kind.verdict, request, ring.receive().value(), kRingMac,
                              run.clock().served()),
              "");
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace
}  // namespace pollux::test
