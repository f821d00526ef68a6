// NTS requests to a real worker.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "nts/aead/choose.h"
#include "nts/aead/reference.h"
#include "nts/core/ntp_stage.h"
#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"
#include "tests/support/nts_message.h"
#include "tests/support/nts_reply.h"

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
  const auto residence = run_.report().workers.at(0).residence;
  EXPECT_EQ(std::accumulate(residence.begin(), residence.end(), std::uint64_t{0}), received);
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
}

// A burst is full, but nothing waits behind it: all are answered, whatever time that takes.
TEST_F(Nts, AFullBurstAloneIsNoFlood) {
  run_.start();
  const std::vector<Octets> burst(32, request_frame(7));
  for (std::uint64_t round = 1; round <= 20; ++round) {
    ASSERT_TRUE(ring_.send_together(burst));
    ASSERT_TRUE(run_.wait_for_packets(32 * round));
    std::this_thread::sleep_for(std::chrono::milliseconds{1});  // an empty poll
  }
  EXPECT_EQ(run_.verdicts(Verdict::reply_nts), 32U * 20);
  EXPECT_EQ(run_.verdicts(Verdict::drop_nts_busy), 0U);
}

// Both AEADs, any number of cookies, IPv4 and IPv6, good and spoilt, plain ones between, in bursts
// of 1 to 32: the worker's back end for this processor gives what the reference can read.
class NtsOnTheWire : public testing::Test {
 protected:
  struct Request {
    Client client;
    std::size_t cookies = 0;  // asked for; 0: a plain request
    bool is_good = true;
    Octets frame;
  };

  NtsOnTheWire() : run_{settings()} { EXPECT_TRUE(run_.dataplane().apply_keys(keys_)); }

  port::DataplaneSettings settings() {
    auto settings = settings_for({server_port("rings", ring_.device())});
    settings.make_aead = [] { return nts::choose_aead().back_end; };
    return settings;
  }

  Request random_request() {
    Request request{.cookies = random_.below(9), .is_good = !random_.chance(4)};
    Frame frame = random_.chance(2) ? ipv4_request() : ipv6_request();
    frame.destination_mac = kRingMac;
    if (request.cookies > 0) {
      const auto aead =
          random_.chance(2) ? nts::AeadId::kAesSivCmac256 : nts::AeadId::kAes128GcmSiv;
      request.client = make_client(aead_, keys_, random_, aead);
      Bytes message = make_request(aead_, request.client, random_, request.cookies - 1, {},
                                   32 + 4 * random_.below(20));
      if (!request.is_good) message.back() ^= std::byte{1};
      frame.payload = octets_of(message);
    }
    request.frame = frame.build();
    return request;
  }

  // Plain requests leave first, the others in their order.
  void expect_reply(const Request& request, const Octets& frame) {
    const auto reply = dissect(frame).value();
    EXPECT_TRUE(reply.udp_checksum_right);
    if (request.cookies == 0) {
      EXPECT_EQ(reply.payload.size(), 48U);
      return;
    }
    const auto asked = dissect(request.frame).value();
    EXPECT_EQ(reply.ntp().origin, get(asked.payload, 40, 8));
    if (!request.is_good) {
      EXPECT_EQ(reply.ntp().stratum, 0U);
      return;
    }
    EXPECT_EQ(frame.size(), request.frame.size());
    const auto plaintext = open_reply(aead_, request.client, to_bytes(reply.payload));
    ASSERT_TRUE(plaintext);
    const auto cookies = cookies_in(*plaintext);
    ASSERT_TRUE(cookies);
    EXPECT_EQ(cookies->size(), request.cookies);
    for (const Bytes& cookie : *cookies)
      EXPECT_EQ(keys_in(aead_, keys_, cookie), request.client.keys);
  }

  Random random_{23};
  nts::ReferenceAead aead_;
  nts::KeyRing keys_ = some_ring(5);
  RingPort ring_{"wire"};
  DataplaneRun run_;
};

TEST_F(NtsOnTheWire, EveryReplyIsWhatTheReferenceReads) {
  run_.start();
  std::uint64_t sent = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<Request> burst(1 + random_.below(32));
    std::vector<Octets> frames;
    for (Request& request : burst) {
      request = random_request();
      frames.push_back(request.frame);
    }
    sent += burst.size();
    ASSERT_TRUE(ring_.send_together(frames));
    ASSERT_TRUE(run_.wait_for_packets(sent));
    std::ranges::stable_partition(burst, [](const Request& each) { return each.cookies == 0; });
    for (const Request& request : burst) {
      const auto reply = ring_.receive();
      ASSERT_TRUE(reply);
      ASSERT_NO_FATAL_FAILURE(expect_reply(request, *reply));
    }
  }
  EXPECT_EQ(run_.verdicts(Verdict::drop_nts_busy), 0U);
  EXPECT_EQ(ring_.buffers_in_use(), 0U);
}

}  // namespace
}  // namespace pollux::test
