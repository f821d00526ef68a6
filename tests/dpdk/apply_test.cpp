// New rules while frames flow: no pause, no reply lost or wrong.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"
#include "tests/support/frame_runner.h"

namespace pollux::test {
namespace {

using responder::PolicySettings;
using responder::Verdict;

// Both policies have 192.0.2.1 and 2001:db8::1, at different places of their lists.
PolicySettings with_second() {
  auto policy = server_settings();
  policy.ipv4.push_back(ipv4_interface("192.0.2.2", 24));
  policy.ipv6.push_back(ipv6_interface("2001:db8::2", 64));
  return policy;
}
PolicySettings with_third() {
  auto policy = server_settings();
  policy.ipv4.insert(policy.ipv4.begin(), ipv4_interface("192.0.2.3", 24));
  policy.ipv6.insert(policy.ipv6.begin(), ipv6_interface("2001:db8::3", 64));
  return policy;
}

FrameKind request_to(const char* server) {
  FrameKind kind{.name = server,
                 .verdict = Verdict::reply_plain,
                 .frame = ipv4_request(),
                 .whole = std::nullopt};
  if (address(server).size() == 16) kind.frame = ipv6_request();
  kind.frame.destination = address(server);
  kind.frame.destination_mac = kRingMac;
  return kind;
}

// Asks all the time, on a thread of its own: addresses of both policies and of one. Replies come in
// the order of the requests; those to an address of one policy only may be missing.
class Client {
 public:
  Client(RingPort& ring, const ServedValues& served) : ring_{ring}, served_{served} {
    for (const char* server : {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::3"}) {
      kinds_.push_back(request_to(server));
    }
  }

  void run(const std::atomic<bool>& stopping) {
    while (!stopping.load(std::memory_order_relaxed)) {
      const std::size_t target = sent_ % kinds_.size();
      Octets request = kinds_[target].build(sent_);
      if (ring_.send(request)) {
        waiting_.push_back({std::move(request), target % 2 == 0});
        ++sent_;
      } else {
        std::this_thread::yield();
      }
      receive();
    }
  }

  void receive() {
    while (const auto reply = ring_.receive()) {
      ++received_;
      const std::uint64_t origin = dissect(*reply).value().ntp().origin;
      while (!waiting_.empty() &&
             get(waiting_.front().frame, waiting_.front().frame.size() - 8, 8) != origin) {
        pass();
      }
      ASSERT_FALSE(waiting_.empty());
      const auto faults =
          faults_of_reply(Verdict::reply_plain, waiting_.front().frame, *reply, kRingMac, served_);
      EXPECT_EQ(faults, "");
      waiting_.pop_front();
    }
  }

  // After the last reply: what still waits will get none.
  void finish() {
    receive();
    while (!waiting_.empty()) pass();
  }

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  struct Waiting {
    Octets frame;
    bool must_be_answered;
  };

  void pass() {
    if (waiting_.front().must_be_answered) ++lost_;
    waiting_.pop_front();
  }

  RingPort& ring_;
  const ServedValues served_;
  std::vector<FrameKind> kinds_;
  std::deque<Waiting> waiting_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t lost_ = 0;
};

bool is_answered(RingPort& ring, DataplaneRun& run, Verdict refused, const char* server) {
  static std::uint64_t number = 1'000'000'000;
  const auto refused_before = run.verdicts(refused);
  EXPECT_TRUE(ring.send(request_to(server).build(++number)));
  std::optional<Octets> reply;
  EXPECT_TRUE(wait_until([&] {
    reply = ring.receive();
    return reply || run.verdicts(refused) > refused_before;
  }));
  return reply.has_value();
}

TEST(Apply, TakesEffectBeforeItReturns) {
  RingPort ring{"rings"};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  run.start();
  for (int round = 0; round < 20; ++round) {
    const bool second = round % 2 == 0;
    const std::array policies{second ? with_second() : with_third()};
    ASSERT_TRUE(run.dataplane().apply(policies, 1000));
    const auto answered = [&](const char* server) {
      return is_answered(ring, run, Verdict::drop_destination, server);
    };
    EXPECT_EQ(answered("192.0.2.2"), second);
    EXPECT_EQ(answered("192.0.2.3"), !second);
    EXPECT_EQ(answered("2001:db8::2"), second);
    EXPECT_EQ(answered("2001:db8::3"), !second);
    EXPECT_TRUE(answered("192.0.2.1"));
    EXPECT_TRUE(answered("2001:db8::1"));
  }
}

TEST(Apply, LosesNothingWhileFramesFlow) {
  RingPort busy{"busy"};
  RingPort other{"other"};
  DataplaneRun run{
      settings_for({server_port("busy", busy.device()), server_port("other", other.device())})};
  run.start();
  std::atomic<bool> stopping{false};
  Client client{busy, run.clock().served()};
  std::jthread thread{[&] { client.run(stopping); }};
  std::size_t failures = 0;
  for (int round = 0; round < 300; ++round) {
    const auto policy = round % 2 == 0 ? with_second() : with_third();
    const std::array policies{policy, policy};
    if (!run.dataplane().apply(policies, 1000)) ++failures;
  }
  stopping.store(true, std::memory_order_relaxed);
  thread.join();
  EXPECT_EQ(failures, 0U);
  ASSERT_TRUE(run.wait_for_packets(client.sent()));
  client.finish();
  EXPECT_EQ(client.lost(), 0U);
  EXPECT_GE(client.received(), client.sent() / 2);
  EXPECT_EQ(run.verdicts(Verdict::reply_plain), client.received());
  EXPECT_EQ(run.verdicts(Verdict::drop_destination), client.sent() - client.received());
  EXPECT_EQ(busy.buffers_in_use(), 0U);
}

TEST(Apply, ChangesTheAllowanceOfHostReplies) {
  RingPort ring{"rings"};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  run.start();
  const std::array policies{with_second()};
  ASSERT_TRUE(run.dataplane().apply(policies, 0));
  ASSERT_TRUE(ring.send(arp_frame()));
  ASSERT_TRUE(run.wait_for_packets(1));
  EXPECT_EQ(run.verdicts(Verdict::drop_host_limit), 1U);
  ASSERT_TRUE(run.dataplane().apply(policies, 1000));
  ASSERT_TRUE(ring.send(arp_frame()));
  ASSERT_TRUE(run.wait_for_packets(2));
  EXPECT_EQ(run.verdicts(Verdict::reply_arp), 1U);
}

// Nobody reads the old rules then.
TEST(Apply, WorksBeforeTheStartAndAfterTheEnd) {
  RingPort ring{"rings"};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  const std::array before{with_second()};
  EXPECT_TRUE(run.dataplane().apply(before, 1000));
  run.start();
  EXPECT_TRUE(is_answered(ring, run, Verdict::drop_destination, "192.0.2.2"));
  run.stop();
  const std::array after{with_third()};
  EXPECT_TRUE(run.dataplane().apply(after, 1000));
}

}  // namespace
}  // namespace pollux::test
