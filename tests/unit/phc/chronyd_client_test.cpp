#include "ptp/phc/chronyd_client.h"

#include <gtest/gtest.h>

#include "tests/unit/phc/chronyd_run.h"

namespace pollux::phc {
namespace {

using namespace std::chrono_literals;
using message::ChronySourceState;
using std::chrono::nanoseconds;
using test::chrony_address;
using test::FakeChronyd;
using test::Octets;
using test::SourceFields;

class ChronydClientTest : public test::ChronydRun {
 protected:
  // The report of the first round of a new client.
  ChronydReport one_round() {
    client = ChronydClient{"127.0.0.1", port};
    run_for(500ms);
    EXPECT_EQ(client.last_outcome(), PeerOutcome::kAnswered);
    const auto found = report();
    EXPECT_TRUE(found);
    return found.value_or(ChronydReport{});
  }
  ChronydSource only_source(const SourceFields& fields) {
    chronyd->sources = {fields};
    const auto found = one_round();
    EXPECT_EQ(found.source_count, 1U);
    return found.sources[0];
  }
};

TEST_F(ChronydClientTest, HasNothingToSayBeforeItAsked) {
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kNone);
  EXPECT_FALSE(report());
}

TEST_F(ChronydClientTest, ReportsInThreeCalls) {
  step();
  step();
  EXPECT_FALSE(report());
  client.poll(now);
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->taken, now);
}

TEST_F(ChronydClientTest, ReportsWhatChronydSaysOfTheSystemClock) {
  const auto found = one_round();
  EXPECT_TRUE(found.synchronised);
  EXPECT_EQ(found.leap, clock::LeapIndicator::kNone);
  EXPECT_EQ(found.stratum, 3);
  EXPECT_EQ(found.reference_id, 0xc633'6407U);
  EXPECT_EQ(found.root_delay, 250ms);
  EXPECT_EQ(found.root_dispersion, 62'500us);
  EXPECT_EQ(found.correction, 125ms);
  EXPECT_EQ(found.known_to_chronyd, 1U);
}

TEST_F(ChronydClientTest, TellsAnUnsynchronisedChronyd) {
  chronyd->tracking.leap = 3;
  chronyd->tracking.stratum = 0;
  const auto found = one_round();
  EXPECT_FALSE(found.synchronised);
  EXPECT_EQ(found.leap, clock::LeapIndicator::kUnsynchronised);
}

TEST_F(ChronydClientTest, CountsOffsetsFromTheSystemClock) {
  // chronyd: its estimate of the time is a quarter of a second ahead of the source, and an eighth
  // ahead of the system clock.
  const auto source = only_source({.ahead = 0.25});
  EXPECT_EQ(source.offset, -250ms + 125ms);
}

TEST_F(ChronydClientTest, BoundsTheErrorByTheSampleAndItsAge) {
  const auto source = only_source({.since_sample = 1'000, .error = 0.03125});
  EXPECT_EQ(source.error_bound, 31'250us + 15ms);
  EXPECT_EQ(source.sample_age, 1'000s);
}

TEST_F(ChronydClientTest, SurvivesHugeNumbers) {
  chronyd->tracking.correction = 0x1p60;
  chronyd->tracking.root_delay = 0x1p60;
  const auto source = only_source({.ahead = -0x1p60, .error = 0x1p60});
  EXPECT_EQ(source.offset.count(), 9'200'000'000'000'000'000);
  EXPECT_EQ(source.error_bound.count(), 9'200'000'000'000'000'000);
}

TEST_F(ChronydClientTest, GivesTheFieldsOfEachSource) {
  const Octets ipv6 = test::address("2001:db8::7");
  chronyd->sources = {
      {.stratum = 2, .state = 0, .reachability = 0377},
      {.address = chrony_address(2, ipv6), .stratum = 9, .state = 4, .reachability = 1}};
  const auto found = one_round();
  ASSERT_EQ(found.ntp_sources().size(), 2U);
  const auto& second = found.ntp_sources()[1];
  EXPECT_EQ(second.address.kind, message::ChronyAddressKind::kIpv6);
  EXPECT_TRUE(std::ranges::equal(second.address.octets, ipv6));
  EXPECT_EQ(second.stratum, 9);
  EXPECT_EQ(second.reachability, 1);
  EXPECT_EQ(second.state, ChronySourceState::kUnselected);
  EXPECT_EQ(found.ntp_sources()[0].stratum, 2);
}

TEST_F(ChronydClientTest, LeavesOutRefclocksAndMereNames) {
  chronyd->sources = {{.address = chrony_address(1, {'P', 'H', 'C', '0'}), .mode = 2},
                      {.address = chrony_address(3, {0, 0, 0, 1})},
                      {.stratum = 5}};
  const auto found = one_round();
  EXPECT_EQ(found.source_count, 1U);
  EXPECT_EQ(found.sources[0].stratum, 5);
  EXPECT_EQ(found.known_to_chronyd, 3U);
}

TEST_F(ChronydClientTest, SaysWhoMayVote) {
  const auto usable = [this](const SourceFields& fields) { return only_source(fields).usable; };
  EXPECT_TRUE(usable({.state = 0}));   // selected
  EXPECT_FALSE(usable({.state = 1}));  // not selectable
  EXPECT_TRUE(usable({.state = 2}));   // falseticker
  EXPECT_FALSE(usable({.state = 3}));  // jittery
  EXPECT_TRUE(usable({.state = 4}));   // combined
  EXPECT_TRUE(usable({.state = 5}));   // selectable
  EXPECT_FALSE(usable({.reachability = 0}));
  EXPECT_FALSE(usable({.since_sample = 0xffff'ffff}));
  EXPECT_FALSE(usable({.stratum = 0}));
  EXPECT_TRUE(usable({.stratum = 15}));
  EXPECT_FALSE(usable({.stratum = 16}));
}

TEST_F(ChronydClientTest, KnowsAChronydThatFollowsAPhc) {
  const auto follows = [this](std::uint32_t reference_id, std::uint16_t family) {
    chronyd->tracking.reference_id = reference_id;
    chronyd->tracking.address = chrony_address(family, {});
    return one_round().follows_phc;
  };
  EXPECT_TRUE(follows(0x5048'4330, 0));   // PHC0
  EXPECT_TRUE(follows(0x5048'4339, 0));   // PHC9
  EXPECT_FALSE(follows(0x5048'4330, 1));  // the address 80.72.67.48
  EXPECT_FALSE(follows(0x5048'4340, 0));  // PHC@
  EXPECT_FALSE(follows(0x5048'432f, 0));  // PHC/
  EXPECT_FALSE(follows(0x5050'5330, 0));  // PPS0
  EXPECT_FALSE(follows(0x7f7f'0101, 0));  // local
}

TEST_F(ChronydClientTest, AsksOneRoundASecond) {
  run_for(10s);
  EXPECT_EQ(rounds, 10);
  EXPECT_EQ(asked, 10 * 4);
}

TEST_F(ChronydClientTest, AsksForSixteenSourcesAtMost) {
  chronyd->sources.assign(40, SourceFields{});
  const auto found = one_round();
  EXPECT_EQ(asked, 16 + 3);
  EXPECT_EQ(found.source_count, 16U);
  EXPECT_EQ(found.known_to_chronyd, 40U);
}

TEST_F(ChronydClientTest, NeedsNoSources) {
  chronyd->sources.clear();
  EXPECT_EQ(one_round().source_count, 0U);
}

TEST_F(ChronydClientTest, PadsItsRequestsToTheReply) {
  client.poll(now);
  const auto first = chronyd->requests();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].length, 104U);
  EXPECT_EQ(first[1].length, 32U);
}

TEST_F(ChronydClientTest, StartsAtARandomNumber) {
  client.poll(now);
  const auto first = chronyd->requests().front().sequence;
  ChronydClient other{"127.0.0.1", port};
  other.poll(now);
  const auto second = chronyd->requests().front().sequence;
  EXPECT_NE(first, second);
  EXPECT_NE(first, 0U);
}

TEST_F(ChronydClientTest, KeepsAReportForFiveSeconds) {
  const auto taken = one_round().taken;
  EXPECT_TRUE(client.report(taken + 5s));
  EXPECT_FALSE(client.report(taken + 5s + 1ns));
}

}  // namespace
}  // namespace pollux::phc
