// NTS requests to a real worker, with the reference back end.
#include <gtest/gtest.h>

#include <memory>

#include "nts/aead/reference.h"
#include "nts/core/ntp_stage.h"
#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"
#include "tests/support/nts_message.h"

namespace pollux::test {
namespace {

using responder::Verdict;

class Nts : public testing::Test {
 protected:
  Nts() : run_{settings()} { EXPECT_TRUE(run_.dataplane().apply_keys(keys_)); }

  port::DataplaneSettings settings() {
    auto settings = settings_for({server_port("rings", ring_.device())});
    settings.make_aead = [] { return std::make_unique<nts::ReferenceAead>(); };
    return settings;
  }

  Octets request_frame(std::size_t placeholders = 0) {
    Frame frame = ipv4_request();
    frame.destination_mac = kRingMac;
    const Client client = make_client(aead_, keys_, random_);
    frame.payload = octets_of(make_request(aead_, client, random_, placeholders));
    return frame.build();
  }

  Octets plain_frame(std::uint64_t number) {
    FrameKind kind{.name = "usual",
                   .verdict = Verdict::reply_plain,
                   .frame = ipv4_request(),
                   .whole = std::nullopt};
    kind.frame.destination_mac = kRingMac;
    return kind.build(number);
  }

  Random random_{11};
  nts::ReferenceAead aead_;
  nts::KeyRing keys_ = some_ring(3);
  RingPort ring_{"rings"};
  DataplaneRun run_;
};

TEST_F(Nts, RequestsAreAnsweredAndTheRightTimeIsInThem) {
  run_.start();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const Octets frame = request_frame(i % 8);
    const auto before = run_.clock().now();
    ASSERT_TRUE(ring_.send(frame));
    ASSERT_TRUE(run_.wait_for_packets(i));
    const auto reply = dissect(ring_.receive().value()).value();
    const auto after = run_.clock().now();
    EXPECT_EQ(reply.payload.size() + 42, frame.size());
    EXPECT_TRUE(reply.udp_checksum_right);
    const NtpFields said = reply.ntp();
    // See receive_time.h: at most 10 us before.
    EXPECT_GE((clock::NtpTime{said.receive} - before).units, -45'000);
    EXPECT_GT((clock::NtpTime{said.transmit} - clock::NtpTime{said.receive}).units, 0);
    // T3 foretells how long sealing takes; a millisecond at most.
    EXPECT_LE((clock::NtpTime{said.transmit} - after).units, std::int64_t{1} << 22);
  }
  EXPECT_EQ(run_.verdicts(Verdict::reply_nts), 50U);
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
}

TEST_F(Nts, IsOffWithoutKeys) {
  EXPECT_TRUE(run_.dataplane().apply_keys(std::nullopt));
  run_.start();
  ASSERT_TRUE(ring_.send(request_frame()));
  ASSERT_TRUE(run_.wait_for_packets(1));
  EXPECT_EQ(run_.verdicts(Verdict::reply_plain), 1U);
  EXPECT_EQ(dissect(ring_.receive().value()).value().payload.size(), 84U);
}

// Bursts of 32 with two plain requests in each, all waiting before the worker starts: it answers
// every plain one, at least a batch of the others of each burst, and counts what it has no time
// for.
TEST_F(Nts, AFloodLeavesPlainRequestsTheirShare) {
  constexpr std::uint64_t kBursts = 20;
  constexpr std::uint64_t kPlain = 2;
  constexpr std::uint64_t kOthers = 30;
  const Octets nts = request_frame(7);
  for (std::uint64_t burst = 0; burst < kBursts; ++burst) {
    for (std::uint64_t i = 0; i < kOthers; ++i) ASSERT_TRUE(ring_.send(nts));
    for (std::uint64_t i = 0; i < kPlain; ++i)
      ASSERT_TRUE(ring_.send(plain_frame(burst * kPlain + i)));
  }
  run_.start();
  ASSERT_TRUE(run_.wait_for_packets(kBursts * (kPlain + kOthers)));
  const auto answered = run_.verdicts(Verdict::reply_nts);
  EXPECT_EQ(run_.verdicts(Verdict::reply_plain), kBursts * kPlain);
  EXPECT_GE(answered, kBursts * nts::kBatch);
  EXPECT_GT(run_.verdicts(Verdict::drop_nts_busy), 0U);
  EXPECT_EQ(answered + run_.verdicts(Verdict::drop_nts_busy), kBursts * kOthers);
  std::uint64_t received = 0;
  while (ring_.receive()) ++received;
  EXPECT_EQ(received, kBursts * kPlain + answered);
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
}

}  // namespace
}  // namespace pollux::test
