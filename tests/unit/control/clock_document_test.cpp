#include "control/daemon/clock_document.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pollux::control {
namespace {

using clock::ClockState;
using clock::Opinion;
using clock::SourceState;
using std::chrono::seconds;

SourceReport phc() {
  return {.name = "eth0",
          .device = "/dev/ptp0",
          .clock_name = "mlx5_ptp",
          .method = "precise",
          .kind = clock::SourceKind::kPhc,
          .state = SourceState::kTracking,
          .opinion = Opinion::kAgreed,
          .followed = true,
          .offset = 3,
          .error = 50,
          .bound = 76,
          .sigma = 2,
          .window = 8,
          .samples = 100};
}

SourceReport system_clock() {
  return {.name = "system", .state = SourceState::kTracking, .bound = 2e6};
}

ClockReport locked() {
  ClockReport clock{.header = {.leap = clock::LeapIndicator::kNone,
                               .stratum = 1,
                               .reference_id = clock::reference_id("PHC0")},
                    .sources = {phc(), system_clock()},
                    .has_leap_table = true,
                    .alive = true};
  clock.keeper.state = ClockState::kLocked;
  clock.keeper.reference = 0;
  clock.snapshot.error_bound_ns = 76;
  clock.snapshot.tai_minus_utc = 37;
  return clock;
}

ClockReport unsynchronised() {
  ClockReport clock = locked();
  clock.keeper.state = ClockState::kUnsync;
  clock.header = clock::unsynchronised_header(-25);
  clock.sources[0].followed = false;
  return clock;
}

ClockReport only_system() {
  ClockReport clock = locked();
  clock.sources = {system_clock()};
  return clock;
}

TEST(ClockDocument, SentenceOfEachState) {
  ClockReport clock = locked();
  EXPECT_EQ(state_name(clock), "LOCKED");
  EXPECT_EQ(status_sentence(clock),
            "synchronised: stratum 1 from the hardware clock eth0, error bound 76.000 ns");
  clock.keeper.state = ClockState::kHoldover;
  clock.keeper.holdover_age = 12.3;
  EXPECT_EQ(state_name(clock), "HOLDOVER");
  EXPECT_EQ(status_sentence(clock),
            "synchronised: stratum 1 in holdover for 12 s, without the hardware clock eth0, error "
            "bound 76.000 ns");
  clock.keeper.state = ClockState::kFallback;
  clock.keeper.reference = 1;
  clock.snapshot.error_bound_ns = 8'000'000;
  EXPECT_EQ(status_sentence(clock),
            "synchronised: stratum 1 from the system clock, error bound 8.000 ms, for want of a "
            "hardware clock");
  clock.keeper.state = ClockState::kLocal;
  clock.header.stratum = 10;
  EXPECT_EQ(status_sentence(clock),
            "serving a clock that nobody vouches for (local = true) at stratum 10: the system "
            "clock, error bound 8.000 ms");
  clock.trusted = true;
  clock.keeper.state = ClockState::kLocked;
  EXPECT_EQ(status_sentence(clock),
            "synchronised: stratum 10 from the system clock, trusted by configuration (trust = "
            "true), error bound 8.000 ms");
}

TEST(ClockDocument, WhyNothingIsServed) {
  ClockReport clock = unsynchronised();
  clock.kernel.synchronised = true;
  const auto says = [&clock](const char* reason) {
    EXPECT_EQ(status_sentence(clock), std::string{"unsynchronised: "} + reason);
  };
  says("the served time has just been set by the hardware clock eth0");
  clock.sources[0].opinion = Opinion::kNone;
  says(
      "no other clock confirms the hardware clock eth0, and trust_phc is not set or it has jumped");
  clock.sources[0].opinion = Opinion::kDisputed;
  says("other clocks contradict the hardware clock eth0");
  clock.sources[0].state = SourceState::kUnscaled;
  says("the hardware clock eth0 is unscaled");
  clock.kernel.synchronised = false;
  says(
      "the hardware clock eth0 is unscaled, and the kernel says that nothing disciplines the "
      "system clock");
  clock.sources = {system_clock()};
  says("the kernel says that nothing disciplines the system clock");
  clock.trusted = true;
  says("the system clock has just been stepped, or is read for the first time");
  clock.sources[0].bound = 375e6;
  says("the system clock may be wrong by 375.000 ms");
  clock.alive = false;
  says("the clock thread stands still");
  EXPECT_EQ(state_name(clock), "UNSYNC");
}

TEST(ClockDocument, Keys) {
  ClockReport clock = locked();
  clock.voters = {{.address = "192.0.2.7", .stratum = 2, .offset = 1e5, .bound = 2e6}};
  clock.chronyd = {.asked = true, .outcome = phc::PeerOutcome::kAnswered};
  clock.pending_leap =
      clock::Leap{.at = clock::TaiTime{seconds{1'483'228'836}}, .change = seconds{1}};
  const auto json = clock_document(clock);
  for (const char* key :
       {"state", "source", "leap", "stratum", "error_bound_s", "offset_s", "sigma_s",
        "frequency_ppm", "skew_ppm", "read_window_s", "holdover_age_s", "doubt_s",
        "tai_minus_utc_s", "pending_leap", "peers", "sources", "voters", "counter", "steps"})
    EXPECT_TRUE(json.contains(key) && !json[key].is_null()) << key;
  EXPECT_EQ(json["source"], "eth0");
  EXPECT_EQ(json["reference_id"], "PHC0");
  EXPECT_EQ(json["reference_id_hex"], "50484330");
  EXPECT_DOUBLE_EQ(json["error_bound_s"].get<double>(), 76e-9);
  EXPECT_EQ(json["tai_minus_utc_s"], 37);
  EXPECT_EQ(json["pending_leap"]["kind"], "insert");
  EXPECT_EQ(json["sources"].size(), 2U);
  EXPECT_DOUBLE_EQ(json["sources"][0]["bound_s"].get<double>(), 76e-9);
  EXPECT_DOUBLE_EQ(json["voters"][0]["offset_s"].get<double>(), 1e-4);
  EXPECT_EQ(json["peers"]["chronyd"]["outcome"], "answered");
  EXPECT_FALSE(json["peers"].contains("ptp4l"));
}

TEST(ClockDocument, UnknownIsNull) {
  ClockReport clock = unsynchronised();
  clock.keeper.reference.reset();
  clock.sources[0] = {.name = "eth0", .kind = clock::SourceKind::kPhc};
  const auto json = clock_document(clock);
  for (const char* key : {"offset_s", "bound_s", "sigma_s", "read_window_s"})
    EXPECT_TRUE(json["sources"][0][key].is_null()) << key;
  EXPECT_EQ(json["source"], "");
  EXPECT_TRUE(json["pending_leap"].is_null());
  EXPECT_TRUE(json["reference_time"].is_null());
  EXPECT_EQ(json["error_bound_s"], 1.0);
}

TEST(ClockDocument, Warnings) {
  ClockConfig config;
  config.phc = {"eth0"};
  const auto warns = [&config](const ClockReport& clock, const char* beginning) {
    const auto all = clock_warnings(config, clock);
    return std::ranges::any_of(all, [&](const auto& text) { return text.starts_with(beginning); });
  };
  EXPECT_TRUE(clock_warnings(config, locked()).empty());
  ClockReport clock = locked();
  clock.sources[0].state = SourceState::kAbsent;
  clock.sources[0].trouble = "the clock is unplugged";
  EXPECT_TRUE(warns(clock, "hardware clock eth0 (/dev/ptp0): absent, the clock is unplugged"));
  clock = locked();
  clock.sources[0].opinion = Opinion::kDisputed;
  EXPECT_TRUE(warns(clock, "hardware clock eth0: the majority of the other clocks contradicts it"));
  clock.keeper.doubt = 1e6;
  EXPECT_TRUE(warns(clock, "the hardware clock jumped by 1.000 ms and nobody says"));
  clock.ptp4l = {.asked = true, .outcome = phc::PeerOutcome::kSilent};
  EXPECT_TRUE(warns(clock, "ptp4l: silent; its clock is not followed"));
  clock.has_leap_table = false;
  EXPECT_TRUE(warns(clock, "no table of leap seconds could be read from "));
  clock.has_leap_table = clock.leap_table_expired = true;
  EXPECT_TRUE(warns(clock, (config.leap_file + " has expired").c_str()));
  clock.counter_fault = "it stops";
  EXPECT_TRUE(warns(clock, "the CPU's counter is used by configuration"));
  clock.counts_raw = true;
  EXPECT_TRUE(
      warns(clock, "CLOCK_MONOTONIC_RAW is used instead of the CPU's counter, because it "));
  clock.alive = false;
  EXPECT_TRUE(warns(clock, "the clock thread stands still"));
  config.trust = true;
  EXPECT_TRUE(warns(clock, "the system clock is declared good by configuration"));
  clock.upstream = clock::Upstream{};  // chronyd tells it
  EXPECT_FALSE(warns(clock, "the system clock is declared good by configuration"));
  EXPECT_TRUE(warns(only_system(), "clock.stratum is not set and chronyd does not tell it"));
  config.leap_file = kNoFile;
  clock.has_leap_table = false;
  EXPECT_FALSE(warns(clock, "no table"));
}

}  // namespace
}  // namespace pollux::control
