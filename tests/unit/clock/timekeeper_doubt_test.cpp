// Steps of hardware clocks: what is confirmed, what stays in doubt, and who takes over.
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/clock/keeper_host.h"

namespace pollux::clock {
namespace {

constexpr seconds kWarm{20};

KeeperHostSettings phcs(std::size_t count, const TimekeeperSettings& keeper = {.trust_phc = true}) {
  return {.phcs = std::vector<HostPhc>(count), .keeper = keeper};
}

// Runs and counts what must not happen.
struct Seen {
  int unsynchronised = 0;
  int backward = 0;
  int violations = 0;
};
Seen watch(KeeperHost& host, nanoseconds length) {
  Seen seen;
  std::optional<NtpTime> previous;
  const nanoseconds end = host.elapsed() + length;
  while (host.elapsed() < end) {
    host.sample();
    for (int i = 0; i < 10; ++i) {
      host.advance(milliseconds{12});
      const auto served = host.serve();
      if (!host.believed()) {
        ++seen.unsynchronised;
        previous.reset();
        continue;
      }
      if (previous && (served.transmit - *previous).units < 0) ++seen.backward;
      if (abs(host.true_error()).count() > host.bound()) ++seen.violations;
      previous = served.transmit;
    }
  }
  return seen;
}

TEST(PhcStepDoubt, AnUnconfirmedStepIsCountedInTheBound) {
  for (const nanoseconds step : {microseconds{2'000}, microseconds{-2'000}}) {
    KeeperHost host{phcs(1)};
    host.kernel.synchronised = false;
    host.run(kWarm);
    host.phcs[0].error = step;
    const Seen seen = watch(host, seconds{30});
    EXPECT_GT(seen.unsynchronised, 0);
    EXPECT_EQ(seen.backward, 0);
    EXPECT_EQ(host.state(), ClockState::kLocked);
    EXPECT_NEAR(host.keeper().report().doubt, 2e6, 0.02e6);
    EXPECT_GT(host.snapshot().error_bound_ns, 2'000'000 - 20'000);
    EXPECT_EQ(host.keeper().report().steps, 1U);
  }
}

TEST(PhcStepDoubt, VotersTakeItAway) {
  KeeperHost host{phcs(1)};
  host.kernel.synchronised = false;
  host.run(kWarm);
  host.phcs[0].error = milliseconds{5};
  host.run(seconds{20});
  EXPECT_NEAR(host.keeper().report().doubt, 5e6, 0.05e6);
  // The step was right: votes lie about the clock's new time.
  const std::array votes{Interval{4.9e6, 5.2e6}, Interval{4.8e6, 5.1e6}};
  host.keeper().set_votes(votes);
  host.run(seconds{1});
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kAgreed);
  EXPECT_NEAR(host.keeper().report().doubt, 0.1e6, 0.02e6);
}

TEST(PhcStepDoubt, ALargeStepIsServedOnlyIfVotersConfirmIt) {
  KeeperHost host{phcs(1)};
  host.kernel.synchronised = false;
  host.run(kWarm);
  host.phcs[0].error = seconds{1};
  host.run(seconds{20});
  EXPECT_EQ(host.state(), ClockState::kUnsync);
  const std::array votes{Interval{1e9 - 1e6, 1e9 + 1e6}};
  host.keeper().set_votes(votes);
  host.run(seconds{5});
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_LT(host.keeper().report().doubt, 1.1e6);
}

TEST(PhcStepDoubt, ALargeStepThatVotersDisputeIsNotServedThoughThePhcIsTrusted) {
  KeeperHost host{phcs(1)};
  host.run(kWarm);
  host.phcs[0].error = seconds{1};
  const Seen seen = watch(host, seconds{30});
  EXPECT_GT(seen.unsynchronised, 0);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kDisputed);
  EXPECT_NE(host.state(), ClockState::kLocked);
  EXPECT_TRUE(host.believed());
  EXPECT_EQ(seen.backward, 0);
  EXPECT_LE(abs(host.true_error()).count(), host.bound());
}

// A voter that knows little confirms nothing.
TEST(PhcStepDoubt, AVoteOfHalfASecondDoesNotVouchForMilliseconds) {
  KeeperHost host{phcs(1)};
  host.kernel.synchronised = false;
  host.run(kWarm);
  const std::array votes{Interval{-6e8, 6e8}};
  host.keeper().set_votes(votes);
  host.phcs[0].error = milliseconds{500};
  const Seen seen = watch(host, seconds{20});
  EXPECT_EQ(seen.violations, 0);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kNone);
  EXPECT_FALSE(host.believed());
}

// What the time was before the step is not known exactly either, after an hour without the clock.
TEST(PhcStepDoubt, CountsTheUncertaintyOfTheLineFromWhichItIsTold) {
  for (const int sign : {1, -1}) {
    KeeperHost host{phcs(1)};
    host.kernel.synchronised = false;
    host.run(seconds{60});
    host.phcs[0].is_present = false;
    host.run(hours{1}, seconds{1});
    const auto held = static_cast<double>(host.snapshot().error_bound_ns);
    EXPECT_GT(held, 3.5e6);
    host.phcs[0].is_present = true;
    host.phcs[0].error = sign * milliseconds{10};
    host.run(seconds{5});
    EXPECT_GE(static_cast<double>(host.snapshot().error_bound_ns), 10e6 + 0.9 * held);
    // Back where holdover had been: explained.
    host.phcs[0].error = {};
    host.run(seconds{10});
    EXPECT_EQ(host.state(), ClockState::kLocked);
    EXPECT_EQ(host.keeper().report().doubt, 0);
  }
}

TEST(PhcStepDoubt, AfterAStepTheTimeSettlesForASecond) {
  KeeperHost host{phcs(1)};
  host.run(kWarm);
  // A step of the served time while it is relied on: the offset of TAI was wrong by a second.
  host.keeper().tell_ptp_time(seconds{36}, LeapIndicator::kNone);
  KeeperHostSettings tai = phcs(1);
  tai.phcs[0].timescale = Timescale::kTai;
  tai.timescale = Timescale::kTai;
  KeeperHost other{tai};
  other.kernel.synchronised = false;
  other.run(kWarm);
  EXPECT_TRUE(other.believed());
  other.keeper().tell_ptp_time(seconds{36}, LeapIndicator::kNone);
  nanoseconds silent{0};
  for (int i = 0; i < 80; ++i) {
    other.sample();
    if (!other.believed()) silent += milliseconds{125};
    other.advance(milliseconds{125});
  }
  EXPECT_GE(silent, seconds{1});
  EXPECT_LE(silent, milliseconds{1'250});
  EXPECT_TRUE(other.believed());
  EXPECT_EQ(other.keeper().report().steps, 1U);
  // A clock that shows UTC does not care.
  EXPECT_EQ(watch(host, seconds{5}).unsynchronised, 0);
  EXPECT_EQ(host.keeper().report().steps, 0U);
}

TEST(TwoPhcs, TheSecondTakesOverWhenTheFirstGoes) {
  KeeperHost host{phcs(2)};
  host.kernel.synchronised = false;
  host.phcs[1].error = microseconds{1};
  host.run(kWarm);
  EXPECT_EQ(host.header().reference_id, reference_id("PHC0"));
  host.phcs[0].is_present = false;
  const Seen seen = watch(host, seconds{10});
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.header().reference_id, reference_id("PHC1"));
  EXPECT_EQ(host.keeper().report().reference, 1U);
  EXPECT_EQ(seen.unsynchronised, 0);
  EXPECT_EQ(seen.backward, 0);
  EXPECT_EQ(host.keeper().report().steps, 0U);
  host.phcs[0].is_present = true;
  EXPECT_EQ(watch(host, seconds{10}).unsynchronised, 0);
  EXPECT_EQ(host.header().reference_id, reference_id("PHC0"));
}

TEST(TwoPhcs, ConfirmEachOther) {
  KeeperHost host{phcs(2, {})};
  host.kernel.synchronised = false;
  host.run(kWarm);
  EXPECT_EQ(host.state(), ClockState::kLocked);

  KeeperHost apart{phcs(2, {})};
  apart.kernel.synchronised = false;
  apart.phcs[1].error = milliseconds{60};
  apart.run(kWarm);
  EXPECT_EQ(apart.state(), ClockState::kInit);
}

TEST(TwoPhcs, TheFirstStepsAndTheSecondIsServedMeanwhile) {
  KeeperHost host{phcs(2)};
  host.kernel.synchronised = false;
  host.run(kWarm);
  host.phcs[0].error = seconds{2};
  const Seen seen = watch(host, seconds{30});
  EXPECT_EQ(seen.unsynchronised, 0);
  EXPECT_EQ(seen.violations, 0);
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.header().reference_id, reference_id("PHC1"));
}

TEST(Votes, HalfIsNoMajorityAndContradictionConfirmsNobody) {
  KeeperHost host{phcs(1, {})};
  const std::array split{Interval{-1e5, 1e5}, Interval{9e8, 9.1e8}};
  host.keeper().set_votes(split);
  host.run(kWarm);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kDisputed);
  EXPECT_EQ(host.state(), ClockState::kFallback);
  const std::array agreed{Interval{-1e5, 1e5}, Interval{-2e5, 3e5}, Interval{9e8, 9.1e8}};
  host.keeper().set_votes(agreed);
  host.run(seconds{3});
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kAgreed);
  EXPECT_EQ(host.state(), ClockState::kLocked);
}

TEST(Votes, MoreThanTheMostAreLeftOut) {
  KeeperHost host{phcs(1, {})};
  std::vector<Interval> votes(kMaximumVotes, {-1e5, 1e5});
  votes.insert(votes.end(), 100, {9e8, 9.1e8});
  host.keeper().set_votes(votes);
  host.run(kWarm);
  EXPECT_EQ(host.keeper().opinion(0), Opinion::kAgreed);
}

TEST(Disruption, StartsAnewWithoutDoubt) {
  KeeperHost host{phcs(1)};
  host.run(kWarm);
  host.phcs[0].error = milliseconds{5};
  host.run(seconds{10});
  host.phcs[0].error = {};
  host.keeper().disrupt();
  host.sample();
  EXPECT_EQ(host.state(), ClockState::kUnsync);
  EXPECT_FALSE(host.believed());
  host.run(seconds{5});
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.keeper().report().doubt, 0);
  EXPECT_LT(abs(host.true_error()).count(), 500);
}

}  // namespace
}  // namespace pollux::clock
