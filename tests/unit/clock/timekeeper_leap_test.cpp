// Leap seconds end to end: a kernel that announces and leaps, the timekeeper, a worker's clock
// around midnight.
#include <gtest/gtest.h>

#include "tests/unit/clock/keeper_host.h"

namespace pollux::clock {
namespace {

// 2027-07-01 00:00:00 UTC in the scale before the leap.
constexpr seconds kMidnight{1'814'400'000};
constexpr nanoseconds kBefore{seconds{20}};

KeeperHostSettings evening() { return {.start_utc = kMidnight - kBefore}; }

struct LeapCase {
  const char* name;
  LeapIndicator leap;
  nanoseconds kernel_delay;  // from the instant until the kernel leaps
};

class KernelLeap : public testing::TestWithParam<LeapCase> {
 protected:
  // When UTC leaps: at midnight for an insertion, a second earlier for a deletion.
  [[nodiscard]] static nanoseconds instant() {
    return kBefore - seconds{GetParam().leap == LeapIndicator::kDelete ? 1 : 0};
  }
  // True UTC at that moment, whatever the kernel has done by then.
  [[nodiscard]] static nanoseconds true_utc(nanoseconds elapsed) {
    const nanoseconds utc = kMidnight - kBefore + elapsed;
    if (elapsed < instant()) return utc;
    return utc + seconds{GetParam().leap == LeapIndicator::kDelete ? 1 : -1};
  }

  // Runs to `end` with a sample every 125 ms and calls `look` every millisecond or so.
  template <typename Look>
  void run_to(nanoseconds end, Look look) {
    while (host_.elapsed() < end) {
      leap_when_due();
      if (host_.elapsed() >= next_sample_) {
        host_.sample();
        next_sample_ += milliseconds{125};
      }
      look();
      host_.advance(microseconds{997});
    }
  }

  KeeperHost host_{evening(), 21};

 private:
  void leap_when_due() {
    if (leapt_ || host_.elapsed() < instant() + GetParam().kernel_delay) return;
    host_.leap_kernel(GetParam().leap);
    leapt_ = true;
  }

  bool leapt_ = false;
  nanoseconds next_sample_{0};
};

TEST_P(KernelLeap, IsAnnouncedAndServedAtTheExactInstant) {
  host_.kernel.leap = GetParam().leap;
  run_to(seconds{5}, [] {});
  run_to(kBefore + seconds{80}, [this] {
    const bool over = host_.elapsed() >= instant();
    const auto served = host_.serve();
    const auto error = to_nanoseconds(served.transmit - to_ntp(UtcTime{true_utc(host_.elapsed())}));
    // Within 5 us of the instant itself the noise decides on which side the stamp is.
    if (abs(host_.elapsed() - instant()) < microseconds{5}) return;
    ASSERT_LT(abs(error), microseconds{5}) << host_.elapsed().count();
    ASSERT_EQ(unpack(served.header).leap, over ? LeapIndicator::kNone : GetParam().leap);
    ASSERT_EQ(unpack(served.header).stratum, 10);
    ASSERT_GE((served.transmit - served.reference_time).units, 0) << host_.elapsed().count();
  });
  EXPECT_EQ(host_.keeper().report().steps, 0U);
  EXPECT_EQ(host_.snapshot().tai_minus_utc, GetParam().leap == LeapIndicator::kInsert ? 38 : 36);
  EXPECT_EQ(host_.snapshot().leap_at, NtpTime{});
}

TEST_P(KernelLeap, DoesNotDisturbTheRate) {
  host_.kernel.leap = GetParam().leap;
  run_to(kBefore - seconds{5}, [] {});
  const double hertz = host_.hertz();
  run_to(kBefore + seconds{10}, [&] { ASSERT_NEAR(host_.hertz() / hertz, 1.0, 2e-6); });
}

TEST_P(KernelLeap, ACancelledLeapDoesNotHappen) {
  host_.kernel.leap = GetParam().leap;
  host_.run(seconds{10});
  EXPECT_EQ(host_.header().leap, GetParam().leap);
  host_.kernel.leap = LeapIndicator::kNone;
  while (host_.elapsed() < kBefore + seconds{5}) {
    host_.sample();
    EXPECT_EQ(host_.header().leap, LeapIndicator::kNone);
    host_.advance(milliseconds{125});
    ASSERT_LT(abs(host_.error()), microseconds{5});
  }
  EXPECT_EQ(host_.keeper().report().steps, 0U);
}

// The clock thread stands still over midnight: workers leap alone, from the snapshot that they
// have.
TEST_P(KernelLeap, HappensWithoutANewSnapshot) {
  host_.kernel.leap = GetParam().leap;
  host_.run(instant() - seconds{2});
  host_.sample();
  host_.advance_to(instant() + seconds{2});
  EXPECT_TRUE(host_.believed());
  EXPECT_EQ(host_.header().leap, LeapIndicator::kNone);
  const auto error =
      to_nanoseconds(host_.serve().transmit - to_ntp(UtcTime{true_utc(host_.elapsed())}));
  EXPECT_LT(abs(error), microseconds{20});
}

// A burst that came in before the leap and leaves after it.
TEST_P(KernelLeap, BothStampsOfABurstAreInOneScale) {
  host_.kernel.leap = GetParam().leap;
  host_.run(instant() - seconds{1});
  const Snapshot snapshot = host_.sample();
  SnapshotLatch latch;
  latch.publish(snapshot);
  ServedClock clock{latch};
  clock.refresh();
  host_.advance_to(instant() - microseconds{20});
  const Counter received = host_.counter();
  host_.advance_to(instant() + microseconds{20});
  const auto served = clock.at(received, host_.counter());
  const auto residence = to_nanoseconds(served.transmit - served.receive);
  EXPECT_LT(abs(residence - microseconds{40}), nanoseconds{50});
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, KernelLeap,
    testing::Values(LeapCase{"InsertOnTime", LeapIndicator::kInsert, nanoseconds{0}},
                    LeapCase{"InsertTenMillisecondsLate", LeapIndicator::kInsert, milliseconds{10}},
                    LeapCase{"InsertHalfASecondLate", LeapIndicator::kInsert, milliseconds{500}},
                    LeapCase{"DeleteOnTime", LeapIndicator::kDelete, nanoseconds{0}},
                    LeapCase{"DeleteTenMillisecondsLate", LeapIndicator::kDelete,
                             milliseconds{10}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(LeapAnnouncement, TheInstantIsTheEndOfTheUtcDay) {
  KeeperHost host{evening()};
  host.run(seconds{3});
  host.kernel.leap = LeapIndicator::kInsert;
  EXPECT_EQ(host.sample().leap_at, to_ntp(UtcTime{kMidnight}));
  EXPECT_EQ(host.snapshot().leap_seconds, -1);
  host.kernel.leap = LeapIndicator::kDelete;
  host.advance(milliseconds{125});
  EXPECT_EQ(host.sample().leap_at, to_ntp(UtcTime{kMidnight - seconds{1}}));
  EXPECT_EQ(host.snapshot().leap_seconds, 1);
}

// A kernel that nobody told the TAI offset leaps from 0 to 1 or -1, which is not the offset of TAI.
TEST(LeapAnnouncement, WorksWithoutAKnownTaiOffset) {
  for (const LeapIndicator leap : {LeapIndicator::kInsert, LeapIndicator::kDelete}) {
    KeeperHostSettings settings = evening();
    settings.tai_minus_utc = seconds{0};
    KeeperHost host{settings};
    const int change = leap == LeapIndicator::kInsert ? 1 : -1;
    host.kernel.leap = leap;
    host.run(kBefore - seconds{change < 0 ? 1 : 0});
    host.leap_kernel(leap);
    for (int i = 0; i < 8 * 120; ++i) {
      host.sample();
      ASSERT_TRUE(host.believed());
      ASSERT_LT(abs(host.error()), microseconds{5});
      ASSERT_EQ(host.snapshot().tai_minus_utc, 37 + change);
      host.advance(milliseconds{125});
    }
    EXPECT_FALSE(host.keeper().calendar().offset_is_known());
    EXPECT_EQ(host.keeper().report().steps, 0U);
  }
}

// PTP announces, the kernel does not know.
TEST(LeapAnnouncement, OfPtpCountsBesideTheKernels) {
  KeeperHost host{evening()};
  host.keeper().tell_ptp_time(seconds{37}, LeapIndicator::kInsert);
  host.run(seconds{5});
  EXPECT_EQ(host.header().leap, LeapIndicator::kInsert);
  EXPECT_EQ(host.snapshot().leap_at, to_ntp(UtcTime{kMidnight}));
  host.keeper().tell_ptp_time(seconds{37}, LeapIndicator::kNone);
  host.sample();
  EXPECT_EQ(host.header().leap, LeapIndicator::kNone);
}

// A leap that nobody announced is a step like any other.
TEST(LeapAnnouncement, AnUnannouncedLeapIsNotServedAsTruth) {
  KeeperHost host{evening()};
  host.run(seconds{10});
  host.leap_kernel(LeapIndicator::kInsert);
  host.run(milliseconds{500});
  EXPECT_FALSE(host.believed());
  host.run(seconds{5});
  EXPECT_TRUE(host.believed());
  EXPECT_LT(abs(host.error()), microseconds{5});
  EXPECT_EQ(host.keeper().report().steps, 1U);
}

}  // namespace
}  // namespace pollux::clock
