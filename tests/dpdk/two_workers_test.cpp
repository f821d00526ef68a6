// Several ports and two workers, each with a queue of every port; starting and stopping.
#include <gtest/gtest.h>
#include <rte_launch.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/eal_environment.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"

namespace pollux::test {
namespace {

using responder::Verdict;
using std::chrono::steady_clock;

constexpr unsigned kWorkers = POLLUX_TEST_WORKERS;

FrameKind usual_request() {
  FrameKind kind{.name = "usual",
                 .verdict = Verdict::reply_plain,
                 .frame = ipv6_request(),
                 .whole = std::nullopt};
  kind.frame.destination_mac = kRingMac;
  return kind;
}

// Three ports of rings with a queue for each worker.
class Ports {
 public:
  Ports() {
    for (const char* name : {"red", "green", "blue"}) {
      rings_.push_back(std::make_unique<RingPort>(name, kWorkers));
      settings_.push_back(server_port(name, rings_.back()->device()));
    }
  }

  [[nodiscard]] port::DataplaneSettings settings() const { return settings_for(settings_); }
  [[nodiscard]] auto begin() const { return rings_.begin(); }
  [[nodiscard]] auto end() const { return rings_.end(); }

  [[nodiscard]] unsigned buffers_in_use() const {
    unsigned sum = 0;
    for (const auto& ring : rings_) sum += ring->buffers_in_use();
    return sum;
  }

 private:
  std::vector<std::unique_ptr<RingPort>> rings_;
  std::vector<port::PortSettings> settings_;
};

void expect_replies(RingPort& ring, unsigned queue, std::uint64_t first, std::uint64_t count,
                    const ServedValues& served) {
  const auto kind = usual_request();
  for (std::uint64_t i = first; i < first + count; ++i) {
    const auto reply = ring.receive(queue);
    ASSERT_TRUE(reply.has_value()) << i;
    ASSERT_EQ(faults_of_reply(kind.verdict, kind.build(i), *reply, kRingMac, served), "");
  }
  EXPECT_EQ(ring.receive(queue), std::nullopt);
}

TEST(TwoWorkers, AnswerOnTheQueueAndPortThatAsked) {
  constexpr std::uint64_t kEach = 500;
  const Ports ports;
  DataplaneRun run{ports.settings()};
  run.start();
  std::uint64_t sent = 0;
  for (const auto& ring : ports) {
    for (unsigned queue = 0; queue < kWorkers; ++queue) {
      for (std::uint64_t i = 0; i < kEach * (queue + 1); ++i) {
        ASSERT_TRUE(ring->send(usual_request().build(sent + i), queue));
      }
      ASSERT_TRUE(run.wait_for_packets(sent + kEach * (queue + 1)));
      expect_replies(*ring, queue, sent, kEach * (queue + 1), run.clock().served());
      sent += kEach * (queue + 1);
    }
  }
  const auto report = run.report();
  ASSERT_EQ(report.workers.size(), kWorkers);
  for (unsigned id = 0; id < kWorkers; ++id) {
    const auto& worker = report.workers[id];
    EXPECT_EQ(worker.id, id);
    EXPECT_EQ(worker.core, worker_cores()[id]);
    EXPECT_EQ(worker.packets, 3 * kEach * (id + 1));
    EXPECT_EQ(worker.verdicts[0], worker.packets);
    EXPECT_EQ(worker.answered[1][4], worker.packets);
  }
  for (const auto& port : report.ports) {
    EXPECT_EQ(port.queues, kWorkers);
    EXPECT_EQ(port.rx_packets, 3 * kEach);
    EXPECT_EQ(port.tx_packets, 3 * kEach);
  }
  EXPECT_EQ(ports.buffers_in_use(), 0U);
}

// A worker without a queue of its own has nothing to do and does no harm.
TEST(TwoWorkers, ShareAPortWithOneQueue) {
  RingPort single{"single"};
  RingPort both{"both", kWorkers};
  DataplaneRun run{
      settings_for({server_port("single", single.device()), server_port("both", both.device())})};
  run.start();
  ASSERT_TRUE(single.send(usual_request().build(1)));
  ASSERT_TRUE(both.send(usual_request().build(2), 1));
  ASSERT_TRUE(run.wait_for_packets(2));
  expect_replies(single, 0, 1, 1, run.clock().served());
  expect_replies(both, 1, 2, 1, run.clock().served());
  const auto report = run.report();
  EXPECT_EQ(report.ports.at(0).queues, 1U);
  EXPECT_EQ(report.workers.at(0).packets, 1U);
  EXPECT_EQ(report.workers.at(1).packets, 1U);
}

TEST(TwoWorkers, TakeNewRulesTogether) {
  const Ports ports;
  DataplaneRun run{ports.settings()};
  run.start();
  const auto policy = server_port("", "").policy;
  auto other = policy;
  other.ipv6.clear();
  std::uint64_t sent = 0;
  for (int round = 0; round < 50; ++round) {
    const bool answered = round % 2 == 0;
    const std::array policies{policy, answered ? policy : other, policy};
    ASSERT_TRUE(run.dataplane().apply(policies, 1000));
    const auto& green = *std::next(ports.begin());
    for (unsigned queue = 0; queue < kWorkers; ++queue) {
      ASSERT_TRUE(green->send(usual_request().build(sent), queue));
      ASSERT_TRUE(run.wait_for_packets(sent + 1));
      expect_replies(*green, queue, sent, answered ? 1 : 0, run.clock().served());
      ++sent;
    }
  }
}

TEST(TwoWorkers, StopAtOnceUnderLoad) {
  const Ports ports;
  auto settings = ports.settings();
  settings.ports.push_back(server_port("flood", "net_null0"));
  DataplaneRun run{settings};
  run.start();
  for (const auto& ring : ports) {
    for (unsigned queue = 0; queue < kWorkers; ++queue) {
      for (std::uint64_t i = 0; i < RingPort::kBuffers; ++i) {
        ASSERT_TRUE(ring->send(usual_request().build(i), queue));
      }
    }
  }
  const auto start = steady_clock::now();
  run.stop();
  // The flood never ends, so a worker that serves it first would not stop at all; a busy machine
  // takes seconds.
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds{10});
  for (const auto& worker : run.report().workers) EXPECT_FALSE(worker.running);
  const auto packets = run.packets();
  EXPECT_EQ(run.packets(), packets);
}

TEST(TwoWorkers, StartAgainInANewDataPlane) {
  for (std::uint64_t round = 0; round < 5; ++round) {
    const Ports ports;
    DataplaneRun run{ports.settings()};
    run.start();
    for (const auto& ring : ports) {
      for (unsigned queue = 0; queue < kWorkers; ++queue) {
        ASSERT_TRUE(ring->send(usual_request().build(round), queue));
      }
    }
    ASSERT_TRUE(run.wait_for_packets(3 * kWorkers));
    for (const auto& ring : ports) {
      for (unsigned queue = 0; queue < kWorkers; ++queue) {
        expect_replies(*ring, queue, round, 1, run.clock().served());
      }
    }
  }
}

TEST(TwoWorkers, StopWithoutAStart) {
  const Ports ports;
  DataplaneRun run{ports.settings()};
  run.stop();
  run.dataplane().stop();
  for (const auto& worker : run.report().workers) EXPECT_FALSE(worker.running);
}

// The thread of the second worker is taken: the first has been started and has to be ended.
TEST(TwoWorkers, FailedStartLeavesNoneRunning) {
  const Ports ports;
  std::atomic<bool> released{false};
  const auto wait = [](void* flag) {
    while (!static_cast<std::atomic<bool>*>(flag)->load()) std::this_thread::yield();
    return 0;
  };
  DataplaneRun run{ports.settings()};
  ASSERT_EQ(rte_eal_remote_launch(wait, &released, 2), 0);
  EXPECT_THROW(run.start(), std::runtime_error);
  EXPECT_TRUE(wait_until([&] { return run.report().workers.at(0).running; }));
  released = true;
  run.stop();
  for (const auto& worker : run.report().workers) EXPECT_FALSE(worker.running);
}

}  // namespace
}  // namespace pollux::test
