// A transmit queue that is full, a pool that is empty: counted, survived, forgotten afterwards.
#include <gtest/gtest.h>
#include <rte_mempool.h>

#include <filesystem>

#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/pcap_file.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::test {
namespace {

using responder::Verdict;

FrameKind usual_request(const Mac& server_mac) {
  FrameKind kind{.name = "usual",
                 .verdict = Verdict::reply_plain,
                 .frame = ipv4_request(),
                 .whole = std::nullopt};
  kind.frame.destination_mac = server_mac;
  return kind;
}

// All buffers of the data plane's own pool, until given back.
class EmptyPool {
 public:
  EmptyPool() : pool_{rte_mempool_lookup("packets")} {
    while (rte_mempool_avail_count(pool_) > 0) {
      void* buffer = nullptr;
      if (rte_mempool_get(pool_, &buffer) != 0) break;
      buffers_.push_back(buffer);
    }
  }
  ~EmptyPool() { give_back(); }
  EmptyPool(const EmptyPool&) = delete;
  EmptyPool& operator=(const EmptyPool&) = delete;

  void give_back() {
    for (void* buffer : buffers_) rte_mempool_put(pool_, buffer);
    buffers_.clear();
  }

 private:
  rte_mempool* pool_;
  std::vector<void*> buffers_;
};

TEST(FullTransmitQueue, RepliesAreCountedAndFreed) {
  constexpr unsigned kRoom = 63;
  constexpr unsigned kSent = 300;
  RingPort ring{"rings", 1, kRoom + 1};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  run.start();
  const auto kind = usual_request(kRingMac);
  std::uint64_t sent = 0;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    const std::uint64_t first = sent;
    for (unsigned i = 0; i < kSent; ++i) ASSERT_TRUE(ring.send(kind.build(sent++)));
    ASSERT_TRUE(run.wait_for_packets(sent));
    EXPECT_EQ(run.report().ports.at(0).counted.tx_full, round * (kSent - kRoom));
    EXPECT_EQ(ring.buffers_in_use(), kRoom);
    for (unsigned i = 0; i < kRoom; ++i) {
      const auto reply = ring.receive();
      ASSERT_TRUE(reply.has_value());
      EXPECT_EQ(faults_of_reply(kind.verdict, kind.build(first + i), *reply, kRingMac,
                                run.clock().served()),
                "");
    }
    EXPECT_EQ(ring.receive(), std::nullopt);
    EXPECT_EQ(ring.buffers_in_use(), 0U);
  }
  // Answered is what the responder answered; what was not sent is tx_full's.
  EXPECT_EQ(run.verdicts(Verdict::reply_plain), sent);
  EXPECT_EQ(run.report().ports.at(0).tx_packets, 3 * kRoom);
}

// One port asks the pool for every frame, the other does not.
TEST(EmptyPool, StopsOnlyThePortThatNeedsIt) {
  RingPort ring{"rings"};
  DataplaneRun run{
      settings_for({server_port("null", "net_null0"), server_port("rings", ring.device())})};
  EmptyPool pool;
  EXPECT_EQ(run.report().buffers_in_use, run.report().buffers);
  run.start();
  const auto kind = usual_request(kRingMac);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto request = kind.build(i);
    ASSERT_TRUE(ring.send(request));
    ASSERT_TRUE(run.wait_for_packets(i + 1));
    EXPECT_EQ(faults_of_reply(kind.verdict, request, ring.receive().value(), kRingMac,
                              run.clock().served()),
              "");
  }
  EXPECT_EQ(run.report().ports.at(0).rx_packets, 0U);
  pool.give_back();
  EXPECT_TRUE(wait_until([&] { return run.report().ports.at(0).rx_packets > 1000; }));
  run.stop();
  EXPECT_EQ(run.report().buffers_in_use, 0U);
}

TEST(EmptyPool, IsCountedWhereTheDriverCounts) {
  const control::TemporaryDirectory directory;
  const auto kind = usual_request(kServerMac);
  std::vector<Octets> requests;
  for (std::uint64_t i = 0; i < 10; ++i) requests.push_back(kind.build(i));
  write_pcap_file(directory.path() / "requests.pcap", requests);
  DataplaneRun run{settings_for({server_port("pcap", pcap_device(directory.path()))})};
  EmptyPool pool;
  run.start();
  EXPECT_TRUE(wait_until([&] { return run.report().ports.at(0).rx_no_mbuf == 10; }));
  EXPECT_EQ(run.packets(), 0U);
}

}  // namespace
}  // namespace pollux::test
