// What is not answered goes to the kernel through an interface of its own, and what the kernel
// sends leaves by the port: with a real kernel, in a network namespace of this program's own.
#include <gtest/gtest.h>
#include <net/if.h>

#include <algorithm>
#include <stdexcept>

#include "dataplane/port/kernel_interface.h"
#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/host_network.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"

namespace pollux::test {
namespace {

using responder::Verdict;

constexpr const char* kInterface = "plx0";
constexpr std::uint16_t kUdpPort = 5000;

port::PortSettings whole_port(const std::string& name, const std::string& device) {
  port::PortSettings settings = server_port(name, device);
  settings.kernel_interface = kInterface;
  settings.policy.kernel_behind_port = true;
  return settings;
}

// A port of rings has no MAC address of its own, so a frame for this host is a broadcast one.
Octets to_host(std::uint16_t port, const Octets& payload) {
  Frame frame = ipv4_request();
  frame.destination_mac = kBroadcastMac;
  frame.destination_port = port;
  frame.payload = payload;
  return frame.build();
}

Octets request(std::uint64_t number) {
  FrameKind kind{.name = "usual", .verdict = {}, .frame = ipv4_request(), .whole = std::nullopt};
  kind.frame.destination_mac = kRingMac;
  return kind.build(number);
}

bool is_arp_reply(const Octets& frame) {
  return frame.size() >= 42 && frame[12] == 0x08 && frame[13] == 0x06 && frame[21] == 2;
}

bool is_udp_to_client(const Octets& frame) {
  const auto dissected = dissect(frame);
  return dissected && dissected->payload.size() >= 4 && frame[23] == 17;
}

class WholePort : public testing::Test {
 protected:
  void SetUp() override {
    ring_.emplace("rings");
    run_.emplace(settings_for({whole_port("rings", ring_->device())}));
    run_->start();
  }

  void close_all() {
    run_.reset();
    ring_.reset();
  }

  [[nodiscard]] port::KernelReport kernel() const { return *run_->report().ports.at(0).kernel; }

  // The next frame of the port that `is_wanted` likes. The kernel sends others too, unasked.
  template <typename Wanted>
  [[nodiscard]] std::optional<Octets> receive(Wanted is_wanted) {
    std::optional<Octets> found;
    static_cast<void>(wait_until([&] {
      for (auto frame = ring_->receive(); frame; frame = ring_->receive()) {
        if (is_wanted(*frame)) found = frame;
      }
      return found.has_value();
    }));
    return found;
  }
  void drain() {
    while (ring_->receive()) continue;
  }

  // After it the kernel knows where the client is.
  void expect_arp_answered() {
    ASSERT_TRUE(wait_until([&] { return ring_->send(arp_frame()); }));
    ASSERT_TRUE(receive(is_arp_reply));
  }

  std::optional<RingPort> ring_;
  std::optional<DataplaneRun> run_;
};

TEST_F(WholePort, KernelAnswersArpAndWorkerAnswersNtp) {
  const auto flags = flags_of(kInterface);
  ASSERT_TRUE(flags);
  EXPECT_EQ(*flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
  expect_arp_answered();
  EXPECT_EQ(run_->verdicts(Verdict::reply_arp), 0U);
  EXPECT_GE(run_->verdicts(Verdict::to_kernel), 1U);
  const Octets asked = request(1);
  ASSERT_TRUE(ring_->send(asked));
  const auto reply = receive(is_udp_to_client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(faults_of_reply(Verdict::reply_plain, asked, *reply, kRingMac, run_->clock().served()),
            "");
  EXPECT_GE(kernel().to_kernel, 1U);
  EXPECT_GE(kernel().from_kernel, 1U);
  EXPECT_EQ(kernel().dropped_to + kernel().dropped_from, 0U);
  EXPECT_EQ(kernel().trouble, "");
}

TEST_F(WholePort, DatagramsComeAndGoUnchanged) {
  const HostSocket host{kUdpPort};
  expect_arp_answered();
  Random random{1};
  for (const std::size_t length : {4U, 40U, 512U, 1472U}) {
    Octets payload(length);
    for (auto& octet : payload) octet = static_cast<std::uint8_t>(random.below(256));
    ASSERT_TRUE(ring_->send(to_host(kUdpPort, payload)));
    std::optional<Octets> received;
    ASSERT_TRUE(wait_until([&] { return (received = host.receive()).has_value(); })) << length;
    EXPECT_EQ(*received, payload);
    ASSERT_TRUE(host.send(payload));
    const auto sent = receive(is_udp_to_client);
    ASSERT_TRUE(sent) << length;
    const auto dissected = dissect(*sent);
    EXPECT_TRUE(std::ranges::equal(dissected->payload, payload)) << length;
  }
}

TEST_F(WholePort, LeaksNothing) {
  const HostSocket host{kUdpPort};
  expect_arp_answered();
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(wait_until([&] {
      drain();
      static_cast<void>(host.receive());
      return ring_->send(i % 2 == 0 ? request(i) : to_host(kUdpPort, Octets(4, 0x55)));
    }));
    if (i % 4 == 0) static_cast<void>(host.send(Octets(4, 0x66)));
  }
  EXPECT_TRUE(wait_until([&] {
    drain();
    return ring_->buffers_in_use() == 0;
  }));
  EXPECT_EQ(run_->report().buffers_in_use, 0U);
}

// The interface is down, so the kernel takes nothing: the same as one that is too slow.
TEST_F(WholePort, InterfaceThatIsDownIsCounted) {
  expect_arp_answered();
  set_down(kInterface);
  const auto taken = kernel().to_kernel;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ring_->send(to_host(kUdpPort, Octets(4))));
  EXPECT_TRUE(wait_until([&] { return kernel().dropped_to >= 10; }));
  EXPECT_EQ(kernel().to_kernel, taken);
  ASSERT_TRUE(ring_->send(request(1)));
  EXPECT_TRUE(receive(is_udp_to_client));
}

// More for the kernel than it takes. Every request has its answer, every frame is counted, and the
// kernel goes on hearing who asks for its MAC address.
TEST_F(WholePort, OverloadIsDroppedAndCountedAndNtpIsAnswered) {
  expect_arp_answered();
  const auto handed = run_->verdicts(Verdict::to_kernel);
  const auto before = kernel();
  std::uint64_t requests = 0;
  std::uint64_t answers = 0;
  std::uint64_t asked_arp = 0;
  std::uint64_t answered_arp = 0;
  const auto receive_all = [&] {
    for (auto frame = ring_->receive(); frame; frame = ring_->receive()) {
      answers += is_udp_to_client(*frame) ? 1U : 0U;
      answered_arp += is_arp_reply(*frame) ? 1U : 0U;
    }
  };
  const Octets junk = to_host(9, Octets(4));
  for (std::uint64_t i = 0; i < 200'000 && kernel().dropped_to < before.dropped_to + 5'000; ++i) {
    const bool is_request = i % 50 == 0;
    const bool is_arp = i % 1'000 == 1;
    const Octets frame = is_request ? request(i) : is_arp ? arp_frame() : junk;
    ASSERT_TRUE(wait_until([&] {
      receive_all();
      return ring_->send(frame);
    }));
    requests += is_request ? 1U : 0U;
    asked_arp += is_arp ? 1U : 0U;
  }
  EXPECT_TRUE(wait_until([&] {
    receive_all();
    return answers >= requests && answered_arp >= asked_arp;
  }));
  EXPECT_EQ(answers, requests);
  EXPECT_EQ(answered_arp, asked_arp);
  EXPECT_GT(kernel().dropped_to, before.dropped_to);
  EXPECT_TRUE(wait_until([&] {
    const auto now = kernel();
    return now.to_kernel + now.dropped_to - before.to_kernel - before.dropped_to ==
           run_->verdicts(Verdict::to_kernel) - handed;
  }));
  EXPECT_EQ(run_->report().ports.at(0).counted.tx_full, 0U);
  EXPECT_EQ(run_->report().ports.at(0).rx_missed, 0U);
}

TEST_F(WholePort, AddressesFollowTheRules) {
  responder::PolicySettings policy = whole_port("", "").policy;
  policy.ipv4 = {{{{192, 0, 2, 77}}, 24}};
  ASSERT_TRUE(run_->dataplane().apply({&policy, 1}, 1000));
  EXPECT_EQ(kernel().trouble, "");
  EXPECT_THROW(HostSocket{kUdpPort}, std::runtime_error);
  const auto target = address("192.0.2.77");
  ASSERT_TRUE(ring_->send(arp_frame({.target = target})));
  EXPECT_TRUE(receive(is_arp_reply));
}

TEST_F(WholePort, InterfaceGoesWithTheDataPlane) {
  ASSERT_TRUE(flags_of(kInterface));
  close_all();
  EXPECT_FALSE(flags_of(kInterface));
}

TEST_F(WholePort, NameThatIsTakenIsRefused) {
  close_all();
  const port::KernelInterface taken{kInterface, {}, 1500};
  RingPort ring{"rings"};
  try {
    DataplaneRun run{settings_for({whole_port("rings", ring.device())})};
    FAIL() << "two interfaces of one name";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string{error.what()},
              "port rings: the interface plx0 cannot be made: Device or resource busy");
  }
}

// Somebody has given the interface a longer MTU than the port has.
TEST_F(WholePort, FrameLongerThanTheMtuIsNotSent) {
  const HostSocket host{kUdpPort};
  expect_arp_answered();
  set_mtu(kInterface, 9000);
  ASSERT_TRUE(host.send(Octets(4000, 1)));
  EXPECT_TRUE(wait_until([&] { return kernel().dropped_from == 1; }));
  ASSERT_TRUE(host.send(Octets(1472, 2)));
  EXPECT_TRUE(receive(is_udp_to_client));
}

}  // namespace
}  // namespace pollux::test
