// States of the timekeeper with a hardware clock, and what the header says in each.
#include <gtest/gtest.h>

#include "tests/unit/clock/keeper_host.h"

namespace pollux::clock {
namespace {

constexpr seconds kWarm{20};
constexpr std::uint32_t kPhc0 = reference_id("PHC0");
constexpr std::uint32_t kLocalReference = 0x7f7f'0101;

KeeperHostSettings one_phc(const TimekeeperSettings& keeper = {.trust_phc = true}) {
  return {.phcs = {HostPhc{}}, .keeper = keeper};
}

// `bound` and what it may grow to while the snapshot is believed.
void expect_dispersion_of_bound(KeeperHost& host) {
  const double said = host.header().root_dispersion / 65'536.0 * 1e9;
  const double least = static_cast<double>(host.snapshot().error_bound_ns) +
                       5 * static_cast<double>(host.snapshot().drift_ppb);
  EXPECT_GE(said, least - 10);
  EXPECT_LE(said, least + 2e9 / 65'536);
}

void expect_unsynchronised(KeeperHost& host, ClockState state, std::uint32_t reference) {
  EXPECT_EQ(host.state(), state);
  const auto header = host.header();
  EXPECT_EQ(header.leap, LeapIndicator::kUnsynchronised);
  EXPECT_EQ(header.stratum, 0);
  EXPECT_EQ(header.reference_id, reference);
  EXPECT_EQ(header.root_delay, 0U);
  EXPECT_EQ(header.root_dispersion, 0x1'0000U);
  EXPECT_EQ(host.serve().reference_time, NtpTime{});
}

TEST(TimekeeperState, InitUntilSomethingIsFollowed) {
  KeeperHost host{one_phc()};
  host.sample();
  expect_unsynchronised(host, ClockState::kInit, reference_id("INIT"));
}

TEST(TimekeeperState, LockedOnATrustedPhc) {
  KeeperHost host{one_phc()};
  host.kernel.synchronised = false;
  host.phcs[0].own_error = microseconds{3};
  host.run(kWarm);
  EXPECT_EQ(host.state(), ClockState::kLocked);
  const auto header = host.header();
  EXPECT_EQ(header.leap, LeapIndicator::kNone);
  EXPECT_EQ(header.stratum, 1);
  EXPECT_EQ(header.reference_id, kPhc0);
  EXPECT_EQ(header.root_delay, 0U);
  expect_dispersion_of_bound(host);
  EXPECT_GT(host.snapshot().error_bound_ns, 3'000);
  EXPECT_LT(host.snapshot().error_bound_ns, 5'000);
  EXPECT_LT(abs(host.true_error()).count(), 500);
  EXPECT_EQ(host.keeper().report().reference, 0U);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kNone);
}

TEST(TimekeeperState, APhcNeedsAVoterOrTrust) {
  KeeperHost host{one_phc({})};
  host.kernel.synchronised = false;
  host.run(kWarm);
  expect_unsynchronised(host, ClockState::kInit, reference_id("INIT"));
  host.kernel.synchronised = true;
  host.sample();
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kAgreed);
  // Once confirmed it stays so.
  host.kernel.synchronised = false;
  host.run(seconds{60});
  EXPECT_EQ(host.state(), ClockState::kLocked);
}

TEST(TimekeeperState, ASystemClockThatFollowsThePhcConfirmsNothing) {
  KeeperHost host{one_phc({})};
  host.keeper().set_upstream(Upstream{.stratum = 2, .reference_id = 7, .follows_phc = true});
  host.run(seconds{4});
  EXPECT_EQ(host.state(), ClockState::kInit);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kNone);
  host.keeper().set_upstream(Upstream{.stratum = 2, .reference_id = 7});
  host.sample();
  EXPECT_EQ(host.state(), ClockState::kLocked);
}

TEST(TimekeeperState, VotersReachIsTwentyFiveMilliseconds) {
  for (const auto& [error, opinion] : {std::pair{milliseconds{20}, Opinion::kAgreed},
                                       std::pair{milliseconds{-20}, Opinion::kAgreed},
                                       std::pair{milliseconds{30}, Opinion::kDisputed},
                                       std::pair{milliseconds{-30}, Opinion::kDisputed}}) {
    KeeperHost host{one_phc({})};
    host.phcs[0].error = error;
    host.run(kWarm);
    EXPECT_EQ(host.keeper().opinion(0), opinion) << error.count();
    EXPECT_EQ(host.state(),
              opinion == Opinion::kAgreed ? ClockState::kLocked : ClockState::kFallback);
  }
}

TEST(TimekeeperState, HoldoverWhenThePhcIsLost) {
  KeeperHost host{one_phc()};
  host.kernel.synchronised = false;
  host.run(seconds{60});
  host.phcs[0].is_present = false;
  host.run(seconds{1});
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_DOUBLE_EQ(host.keeper().report().holdover_age, 0);
  const auto before = host.snapshot().error_bound_ns;
  host.run(seconds{9});
  EXPECT_EQ(host.state(), ClockState::kHoldover);
  const auto header = host.header();
  EXPECT_EQ(header.leap, LeapIndicator::kNone);
  EXPECT_EQ(header.stratum, 1);
  EXPECT_EQ(header.reference_id, kPhc0);
  expect_dispersion_of_bound(host);
  // A ppm, and the doubt of the frequency.
  EXPECT_GT(host.snapshot().error_bound_ns, before + 8'000);
  EXPECT_LT(host.snapshot().error_bound_ns, before + 20'000);
  EXPECT_NEAR(host.keeper().report().holdover_age, 8, 0.3);
  EXPECT_LE(abs(host.true_error()).count(), host.bound());
  // The reference time is that of the last reading.
  const auto age = to_nanoseconds(host.serve().transmit - host.serve().reference_time);
  EXPECT_NEAR(static_cast<double>(age.count()), 10e9, 0.4e9);
}

TEST(TimekeeperState, HoldoverWhenItsKeeperCallsItUnhealthy) {
  KeeperHost host{one_phc()};
  host.kernel.synchronised = false;
  host.run(kWarm);
  host.keeper().set_health(0, false);
  host.sample();
  EXPECT_EQ(host.state(), ClockState::kHoldover);
  EXPECT_TRUE(host.believed());
  host.keeper().set_health(0, true);
  host.sample();
  EXPECT_EQ(host.state(), ClockState::kLocked);
}

TEST(TimekeeperState, HoldoverEndsAtATenthOfASecond) {
  KeeperHost host{one_phc()};
  host.kernel.synchronised = false;
  host.run(seconds{60});
  host.phcs[0].is_present = false;
  host.run(hours{20}, seconds{2});
  EXPECT_EQ(host.state(), ClockState::kHoldover);
  host.run(hours{16}, seconds{2});
  expect_unsynchronised(host, ClockState::kUnsync, 0);
}

TEST(TimekeeperState, FallbackWhenHoldoverIsWorseThanItsLimitAndThanTheSystemClock) {
  KeeperHost host{one_phc()};
  host.kernel.maximum_error = milliseconds{3};
  host.keeper().set_upstream(Upstream{.stratum = 3,
                                      .reference_id = 0x0a00'0001,
                                      .root_delay = milliseconds{2},
                                      .root_dispersion = milliseconds{1}});
  host.run(seconds{60});
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.header().stratum, 1);
  host.phcs[0].is_present = false;
  // Above the limit of 1 ms, but still better than the 2 ms of the system clock.
  host.run(seconds{1'200}, seconds{1});
  EXPECT_GT(host.snapshot().error_bound_ns, 1'000'000);
  EXPECT_EQ(host.state(), ClockState::kHoldover);
  host.run(seconds{1'200}, seconds{1});
  EXPECT_EQ(host.state(), ClockState::kFallback);
  const auto header = host.header();
  EXPECT_EQ(header.leap, LeapIndicator::kNone);
  EXPECT_EQ(header.stratum, 3);
  EXPECT_EQ(header.reference_id, 0x0a00'0001U);
  EXPECT_EQ(header.root_delay, to_ntp_short(milliseconds{2}));
  // Delay / 2 is counted there; the dispersion is the rest of the bound.
  const double dispersion = header.root_dispersion / 65'536.0 * 1e9;
  EXPECT_GE(dispersion, static_cast<double>(host.snapshot().error_bound_ns) - 1e6);
  EXPECT_LT(dispersion, static_cast<double>(host.snapshot().error_bound_ns) - 0.7e6);

  host.phcs[0].is_present = true;
  host.run(seconds{5});
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.header().stratum, 1);
}

TEST(TimekeeperState, AShorterLimitOfHoldoverFallsBackSooner) {
  KeeperHostSettings settings = one_phc();
  settings.keeper.holdover_max = microseconds{20};
  KeeperHost host{settings};
  host.run(seconds{60});
  host.phcs[0].is_present = false;
  host.run(seconds{60});
  EXPECT_EQ(host.state(), ClockState::kFallback);
}

TEST(TimekeeperState, LocalOnlyByOption) {
  for (const bool local : {false, true}) {
    KeeperHost host{{.keeper = {.local = local}}};
    host.kernel.synchronised = false;
    host.run(kWarm);
    if (!local) {
      expect_unsynchronised(host, ClockState::kInit, reference_id("INIT"));
      continue;
    }
    EXPECT_EQ(host.state(), ClockState::kLocal);
    EXPECT_EQ(host.header().leap, LeapIndicator::kNone);
    EXPECT_EQ(host.header().stratum, 10);
    EXPECT_EQ(host.header().reference_id, kLocalReference);
    expect_dispersion_of_bound(host);
    host.kernel.synchronised = true;
    host.sample();
    EXPECT_EQ(host.state(), ClockState::kLocked);
  }
}

TEST(TimekeeperState, LocalGoesOnWhereHoldoverEnds) {
  KeeperHostSettings settings = one_phc();
  settings.keeper.local = true;
  KeeperHost host{settings};
  host.kernel.synchronised = false;
  host.run(seconds{60});
  host.phcs[0].is_present = false;
  host.run(hours{36}, seconds{2});
  EXPECT_EQ(host.state(), ClockState::kLocal);
  EXPECT_EQ(host.header().stratum, 10);
  EXPECT_EQ(host.header().reference_id, kLocalReference);
  EXPECT_GT(host.snapshot().error_bound_ns, 100'000'000);
}

TEST(TimekeeperStart, WaitsForAPhcThatIsThere) {
  KeeperHost host{one_phc({})};
  host.phcs[0].error = seconds{3};  // nobody will confirm it
  host.run(milliseconds{4'900});
  EXPECT_EQ(host.state(), ClockState::kInit);
  host.run(milliseconds{500});
  EXPECT_EQ(host.state(), ClockState::kFallback);
  EXPECT_EQ(host.header().stratum, 10);
}

TEST(TimekeeperStart, DoesNotWaitForAPhcThatIsAbsent) {
  KeeperHost host{one_phc({})};
  host.phcs[0].is_present = false;
  host.run(milliseconds{2'500});
  EXPECT_EQ(host.state(), ClockState::kFallback);
}

}  // namespace
}  // namespace pollux::clock
