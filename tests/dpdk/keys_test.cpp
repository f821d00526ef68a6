// New NTS keys while frames flow: no pause, no reply lost, and nothing left of the old ones.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nts/core/key_ring.h"
#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/frame_runner.h"

namespace pollux::test {
namespace {

using nts::KeyRing;
using responder::Verdict;

// Octet `i` of a key, from an arithmetic that leaves no copy of the key itself in the program.
std::byte key_octet(unsigned seed, std::size_t i) {
  return static_cast<std::byte>((seed + 1) * 0x9e3779b1U >> (i % 24U) ^ i * 37U);
}

KeyRing ring_of(unsigned seed) {
  std::array<KeyRing::KeyEntropy, nts::kRingKeys> entropy;
  for (auto& each : entropy) {
    for (std::size_t i = 0; i < each.key.size(); ++i) each.key[i] = key_octet(seed, i);
  }
  return KeyRing::from_entropy(entropy);
}

// How often the key of `seed` stands in the heap of this process; its octets are next to each other
// there, and here never.
std::size_t copies_in_heap(unsigned seed) {
  std::ifstream maps{"/proc/self/maps"};
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with("[heap]")) continue;
    begin = std::stoull(line, nullptr, 16);
    end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
  }
  std::size_t copies = 0;
  for (std::uintptr_t at = begin; at + nts::kCookieKeyLength <= end; ++at) {
    const auto* octets = reinterpret_cast<const volatile std::byte*>(at);
    std::size_t equal = 0;
    while (equal < nts::kCookieKeyLength && octets[equal] == key_octet(seed, equal)) ++equal;
    if (equal == nts::kCookieKeyLength) ++copies;
  }
  return copies;
}

TEST(Keys, OldOnesAreWipedOnceNoWorkerReadsThem) {
  RingPort ring{"rings"};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  run.start();
  ASSERT_TRUE(run.dataplane().apply_keys(ring_of(1)));
  if (copies_in_heap(1) == 0) GTEST_SKIP() << "this allocator does not use the heap of brk(2)";
  EXPECT_EQ(copies_in_heap(1), nts::kRingKeys);
  ASSERT_TRUE(run.dataplane().apply_keys(ring_of(2)));
  EXPECT_EQ(copies_in_heap(1), 0U);
  EXPECT_EQ(copies_in_heap(2), nts::kRingKeys);
  const std::array policies{server_settings()};
  ASSERT_TRUE(run.dataplane().apply(policies, 1000));
  EXPECT_EQ(copies_in_heap(2), nts::kRingKeys) << "new rules keep the keys";
  ASSERT_TRUE(run.dataplane().apply_keys(std::nullopt));
  EXPECT_EQ(copies_in_heap(2), 0U);
}

TEST(Keys, ChangeWhileFramesFlow) {
  RingPort ring{"rings"};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  run.start();
  std::atomic<bool> stopping{false};
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  const FrameKind request{.name = "request",
                          .verdict = Verdict::reply_plain,
                          .frame = ipv4_request(),
                          .whole = std::nullopt};
  std::jthread client{[&] {
    auto kind = request;
    kind.frame.destination_mac = kRingMac;
    while (!stopping.load(std::memory_order_relaxed)) {
      if (ring.send(kind.build(sent))) ++sent;
      while (ring.receive()) ++received;
    }
  }};
  std::size_t failures = 0;
  for (unsigned round = 0; round < 300; ++round) {
    const auto keys = round % 3 == 0 ? std::nullopt : std::optional{ring_of(round)};
    if (!run.dataplane().apply_keys(keys)) ++failures;
  }
  stopping.store(true, std::memory_order_relaxed);
  client.join();
  EXPECT_EQ(failures, 0U);
  ASSERT_TRUE(run.wait_for_packets(sent));
  while (ring.receive()) ++received;
  EXPECT_GT(sent, 0U);
  EXPECT_EQ(received, sent);
}

}  // namespace
}  // namespace pollux::test
