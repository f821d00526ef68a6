// T2 from the stamps of a port, from the clock of the card to the wire. A function stands in for
// the card's clock, the test puts stamps into the buffers.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <thread>

#include "ptp/phc/counter.h"
#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/dpdk/ring_port.h"
#include "tests/support/dissect.h"

namespace pollux::test {
namespace {

using clock::Counter;
using clock::NtpTime;

// Half the counter's rate, and an offset.
std::uint64_t card_ticks(Counter counter) { return (counter.ticks >> 1U) + 1'000'000'007; }

class StampedPort : public testing::Test {
 protected:
  StampedPort() : run_{settings()} { kind_.frame.destination_mac = kRingMac; }

  port::DataplaneSettings settings() {
    auto port = server_port("rings", ring_.device());
    port.receive_clock = [this]() -> std::optional<std::uint64_t> {
      if (!answers_) return std::nullopt;
      return card_ticks(phc::read_counter());
    };
    return settings_for({port});
  }

  void warm_up() {
    for (int i = 0; i < 16; ++i) {
      run_.dataplane().follow_clocks();
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }

  [[nodiscard]] std::int64_t ticks(double microseconds) {
    return std::llround(microseconds * 1e-6 * run_.clock().hertz());
  }
  [[nodiscard]] NtpTime time_of(Counter counter) {
    return run_.clock().now() +
           clock::NtpDuration{std::llround(static_cast<double>(counter - phc::read_counter()) /
                                           run_.clock().hertz() * 4'294'967'296.0)};
  }

  NtpFields receive() {
    EXPECT_TRUE(run_.wait_for_packets(++asked_));
    return dissect(ring_.receive().value()).value().ntp();
  }
  NtpFields ask_stamped(Counter when) {
    EXPECT_TRUE(ring_.send_stamped(kind_.build(asked_), card_ticks(when)));
    return receive();
  }
  [[nodiscard]] port::PortCounts counted() const { return run_.report().ports.at(0).counted; }

  RingPort ring_{"rings"};
  bool answers_ = true;
  DataplaneRun run_;
  FrameKind kind_{.name = "usual",
                  .verdict = responder::Verdict::reply_plain,
                  .frame = ipv4_request(),
                  .whole = std::nullopt};
  std::uint64_t asked_ = 0;
};

// The stamp says that the frame came in 50 us before it was sent, which no poll can say. On a busy
// machine some frames wait longer than is believed, and get the time of the poll.
TEST_F(StampedPort, ReceiveTimeIsTheStampsOrThatOfThePoll) {
  warm_up();
  run_.start();
  std::uint64_t used = 0;
  constexpr double kUnitsInMicrosecond = 4'294.967296;
  for (int i = 0; i < 400; ++i) {
    const Counter sent = phc::read_counter();
    const NtpTime stamped = time_of(sent + -ticks(50));
    const NtpFields said = ask_stamped(sent + -ticks(50));
    const auto off = static_cast<double>((NtpTime{said.receive} - stamped).units);
    if (counted().rx_stamps_used > used) {
      EXPECT_LT(std::abs(off), 2 * kUnitsInMicrosecond);
      ++used;
    } else {
      EXPECT_GT(off, 40 * kUnitsInMicrosecond);
    }
    EXPECT_GT((NtpTime{said.transmit} - NtpTime{said.receive}).units, 0);
    EXPECT_EQ(counted().rx_stamps_used, used);
    EXPECT_EQ(counted().rx_stamps_refused, asked_ - used);
  }
  EXPECT_GT(used, 20U);
  EXPECT_EQ(run_.report().ports.at(0).rx_timestamps, "hardware");
}

TEST_F(StampedPort, WhatCannotBeIsRefused) {
  warm_up();
  run_.start();
  for (const double offset : {-1e6, -300.0, 5e4, 1e9}) {
    const NtpTime before = run_.clock().now();
    const NtpFields said = ask_stamped(phc::read_counter() + ticks(offset));
    // A poll may be as early as the middle between two.
    EXPECT_GT((NtpTime{said.receive} - before).units, -std::int64_t{50'000}) << offset;
    EXPECT_LT((NtpTime{said.receive} - run_.clock().now()).units, 512) << offset;
  }
  EXPECT_TRUE(ring_.send(kind_.build(asked_)));
  receive();
  EXPECT_EQ(counted().rx_stamps_used, 0U);
  EXPECT_EQ(counted().rx_stamps_refused, 5U);
}

TEST_F(StampedPort, ACardThatTellsNoTimeIsNotBelieved) {
  answers_ = false;
  warm_up();
  run_.start();
  for (int i = 0; i < 5; ++i) ask_stamped(phc::read_counter());
  EXPECT_EQ(counted().rx_stamps_used, 0U);
  EXPECT_EQ(counted().rx_stamps_refused, 5U);
}

TEST(UnstampedPort, HasNoStampsToCount) {
  RingPort ring{"rings"};
  DataplaneRun run{settings_for({server_port("rings", ring.device())})};
  run.start();
  auto frame = ipv4_request();
  frame.destination_mac = kRingMac;
  ASSERT_TRUE(ring.send_stamped(frame.build(), 1));
  ASSERT_TRUE(run.wait_for_packets(1));
  EXPECT_TRUE(ring.receive().has_value());
  const auto report = run.report().ports.at(0);
  EXPECT_EQ(report.rx_timestamps, "none");
  EXPECT_EQ(report.counted.rx_stamps_used + report.counted.rx_stamps_refused, 0U);
}

}  // namespace
}  // namespace pollux::test
