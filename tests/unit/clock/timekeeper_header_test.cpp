// What the header and the snapshot say of the system clock and of scales.
#include <gtest/gtest.h>

#include "tests/unit/clock/keeper_host.h"

namespace pollux::clock {
namespace {

constexpr seconds kWarm{20};
constexpr std::uint32_t kLocalReference = 0x7f7f'0101;

KeeperHostSettings one_phc(const TimekeeperSettings& keeper = {.trust_phc = true}) {
  return {.phcs = {HostPhc{}}, .keeper = keeper};
}

TEST(TimekeeperHeader, UpstreamSpeaksForTheSystemClockAndOptionsOverrideIt) {
  KeeperHost host;
  host.kernel.maximum_error = seconds{1};  // of the kernel, which knows less
  host.keeper().set_upstream(Upstream{.stratum = 2,
                                      .reference_id = 0xc000'0201,
                                      .root_delay = milliseconds{10},
                                      .root_dispersion = milliseconds{3}});
  host.run(kWarm);
  EXPECT_EQ(host.state(), ClockState::kLocked);
  EXPECT_EQ(host.header().stratum, 2);
  EXPECT_EQ(host.header().reference_id, 0xc000'0201U);
  EXPECT_EQ(host.header().root_delay, to_ntp_short(milliseconds{10}));
  EXPECT_GE(host.header().root_dispersion, to_ntp_short(milliseconds{3}));
  EXPECT_LE(host.header().root_dispersion, to_ntp_short(microseconds{3'200}));
  EXPECT_NEAR(static_cast<double>(host.snapshot().error_bound_ns), 8e6, 0.1e6);

  KeeperHost told{{.keeper = {.system_stratum = 4, .system_reference_id = 0x4142'4344}}};
  told.keeper().set_upstream(Upstream{.stratum = 2, .reference_id = 0xc000'0201});
  told.run(kWarm);
  EXPECT_EQ(told.header().stratum, 4);
  EXPECT_EQ(told.header().reference_id, 0x4142'4344U);
}

// The kernel calls a clock synchronised for a day after its program lost its sources; and stratum 0
// with a leap indicator other than 3 would be a kiss of death to clients.
TEST(TimekeeperHeader, AnUpstreamWithoutTimeMakesTheSystemClockUnsynchronised) {
  for (const unsigned said : {0U, 16U, 255U}) {
    const auto stratum = static_cast<std::uint8_t>(said);
    KeeperHost host;
    host.keeper().set_upstream(Upstream{.stratum = stratum});
    host.run(kWarm);
    EXPECT_FALSE(host.believed());

    KeeperHost trusted{{.keeper = {.trust_system = true}}};
    trusted.keeper().set_upstream(Upstream{.stratum = stratum, .reference_id = 5});
    trusted.run(kWarm);
    EXPECT_TRUE(trusted.believed());
    EXPECT_EQ(trusted.header().stratum, 10);
    EXPECT_EQ(trusted.header().reference_id, kLocalReference);
  }
}

TEST(TimekeeperHeader, DispersionIsNotLostWhereTheKernelIsNotSynchronised) {
  KeeperHost host{{.keeper = {.trust_system = true}}};
  host.kernel.synchronised = false;
  host.keeper().set_upstream(
      Upstream{.stratum = 2, .root_delay = milliseconds{10}, .root_dispersion = milliseconds{3}});
  host.run(kWarm);
  EXPECT_GE(host.header().root_dispersion, to_ntp_short(milliseconds{3}));
  EXPECT_GE(host.snapshot().error_bound_ns, 8'000'000);
}

TEST(TimekeeperHeader, SnapshotsCarryCompensationsAndPrecision) {
  KeeperHostSettings settings = one_phc({.precision = -23,
                                         .trust_phc = true,
                                         .receive_compensation = -77,
                                         .transmit_compensation = 99});
  KeeperHost host{settings};
  host.run(kWarm);
  EXPECT_EQ(host.snapshot().receive_compensation, -77);
  EXPECT_EQ(host.snapshot().transmit_compensation, 99);
  EXPECT_EQ(host.header().precision, -23);
  EXPECT_EQ(host.snapshot().tai_minus_utc, 37);
  const double life = static_cast<double>(host.snapshot().void_after - host.snapshot().map.base);
  EXPECT_NEAR(life / 2.5e9, 5, 1e-6);
}

TEST(TimekeeperScale, ATaiPhcIsServedAsUtc) {
  for (const auto configured : {Timescale::kTai, Timescale::kAuto}) {
    KeeperHostSettings settings = one_phc();
    settings.phcs[0].timescale = Timescale::kTai;
    settings.timescale = configured;
    KeeperHost host{settings};
    host.run(kWarm);
    EXPECT_EQ(host.state(), ClockState::kLocked);
    EXPECT_LT(abs(host.true_error()).count(), 500);
  }
}

}  // namespace
}  // namespace pollux::clock
