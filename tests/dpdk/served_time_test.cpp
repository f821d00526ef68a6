// The time that replies of a real worker carry, from the clock's latch to the wire.
#include <gtest/gtest.h>

#include <thread>

#include "ptp/phc/counter.h"
#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"

namespace pollux::test {
namespace {

using clock::NtpTime;
using std::chrono::milliseconds;

class ServedTime : public testing::Test {
 protected:
  ServedTime() : run_{settings_for({server_port("rings", ring_.device())})} {
    kind_.frame.destination_mac = kRingMac;
  }

  // The whole reply to one more request.
  Octets ask() {
    request_ = kind_.build(asked_++);
    EXPECT_TRUE(ring_.send(request_));
    EXPECT_TRUE(run_.wait_for_packets(asked_));
    return ring_.receive().value();
  }

  NtpFields answer() { return dissect(ask()).value().ntp(); }

  // Bits below the precision of 2^-24 s are random, and a stay of less than that is prolonged.
  static constexpr std::int64_t kPrecision = 256;
  static void expect_between(NtpTime first, std::uint64_t stamp, NtpTime last) {
    EXPECT_GE((NtpTime{stamp} - first).units, -kPrecision);
    EXPECT_LE((NtpTime{stamp} - last).units, 2 * kPrecision);
  }

  RingPort ring_{"rings"};
  DataplaneRun run_;
  FrameKind kind_{.name = "usual",
                  .verdict = responder::Verdict::reply_plain,
                  .frame = ipv4_request(),
                  .whole = std::nullopt};
  Octets request_;
  std::uint64_t asked_ = 0;
};

TEST_F(ServedTime, LiesWithinTheStay) {
  NtpTime before = run_.clock().now();
  run_.start();
  for (int i = 0; i < 200; ++i) {
    const NtpFields said = answer();
    const NtpTime after = run_.clock().now();
    // A frame came in after the poll before, which came after the reply before.
    expect_between(before, said.receive, after);
    expect_between(before, said.transmit, after);
    EXPECT_GT((NtpTime{said.transmit} - NtpTime{said.receive}).units, 0);
    before = NtpTime{said.receive};
  }
}

TEST_F(ServedTime, IsTheSystemClocks) {
  run_.start();
  const NtpFields said = answer();
  const auto distance = to_nanoseconds(system_time() - NtpTime{said.transmit});
  EXPECT_GE(distance, -milliseconds{10});
  EXPECT_LE(distance, milliseconds{1000});
}

TEST_F(ServedTime, IsUnsynchronisedPastItsEndAndBelievedAgainAfterwards) {
  run_.clock().publish();
  run_.start();
  for (int i = 0; i < 3; ++i) {
    run_.clock().publish();
    const Octets reply = ask();
    EXPECT_EQ(faults_of_reply(kind_.verdict, request_, reply, kRingMac, run_.clock().served()), "");
    run_.clock().publish(milliseconds{1});
    std::this_thread::sleep_for(milliseconds{5});
    NtpFields said = answer();
    EXPECT_EQ(said.leap, 3U);
    EXPECT_EQ(said.stratum, 0U);
    EXPECT_EQ(said.reference_id, 0U);
    run_.clock().publish();
    said = answer();
    EXPECT_EQ(said.leap, 0U);
    EXPECT_EQ(said.stratum, 3U);
  }
}

// The counter of machines whose TSC cannot keep time; chosen before the fixture's members are made.
class RawClock {
 protected:
  RawClock() { phc::choose_counter_source(phc::CounterSource::kMonotonicRaw); }
  ~RawClock() { phc::choose_counter_source(phc::CounterSource::kTsc); }
};

class ServedTimeOfRawClock : private RawClock, public ServedTime {};

TEST_F(ServedTimeOfRawClock, LiesWithinTheStay) {
  NtpTime before = run_.clock().now();
  run_.start();
  for (int i = 0; i < 50; ++i) {
    const NtpFields said = answer();
    EXPECT_EQ(said.leap, 0U);
    const NtpTime after = run_.clock().now();
    expect_between(before, said.receive, after);
    expect_between(before, said.transmit, after);
    before = NtpTime{said.receive};
  }
}

TEST_F(ServedTimeOfRawClock, IsTheSystemClocks) {
  run_.start();
  const auto distance = to_nanoseconds(system_time() - NtpTime{answer().transmit});
  EXPECT_GE(distance, -milliseconds{10});
  EXPECT_LE(distance, milliseconds{1000});
}

// Nothing was published yet: an answer, but nothing to believe.
TEST(ServedTimeAtStart, IsUnsynchronised) {
  RingPort ring{"rings"};
  const LiveClock nothing;
  auto settings = settings_for({server_port("rings", ring.device())});
  settings.counter_hertz = nothing.hertz();
  port::Dataplane dataplane{settings, nothing.latch()};
  dataplane.start();
  auto frame = ipv6_request();
  frame.destination_mac = kRingMac;
  ASSERT_TRUE(ring.send(frame.build()));
  std::optional<Octets> reply;
  EXPECT_TRUE(wait_until([&] { return (reply = ring.receive()).has_value(); }));
  stop_and_join(dataplane);
  EXPECT_EQ(dissect(reply.value()).value().ntp().leap, 3U);
  EXPECT_EQ(dissect(reply.value()).value().ntp().stratum, 0U);
}

}  // namespace
}  // namespace pollux::test
