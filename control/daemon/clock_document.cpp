#include "control/daemon/clock_document.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "control/config/address_text.h"
#include "control/service/text.h"

namespace pollux::control {

namespace {

using clock::ClockState;
using clock::SourceKind;
using clock::SourceState;
using nlohmann::json;

template <typename Enum, std::size_t kSize>
std::string_view name_of(const std::string_view (&names)[kSize], Enum value) {
  return names[std::min(static_cast<std::size_t>(value), kSize - 1)];
}

constexpr std::string_view kStates[] = {"INIT",     "LOCKED", "HOLDOVER",
                                        "FALLBACK", "LOCAL",  "UNSYNC"};
constexpr std::string_view kSourceStates[] = {"absent",   "starting",  "unscaled",
                                              "tracking", "disrupted", "untrusted"};
constexpr std::string_view kOpinions[] = {"none", "agreed", "disputed"};
constexpr std::string_view kTimescales[] = {"utc", "tai", "auto"};
constexpr std::string_view kLeaps[] = {"none", "insert", "delete", "unsynchronised"};
constexpr std::string_view kOutcomes[] = {"not asked yet", "answered", "absent",
                                          "denied",        "silent",   "bad answers"};
constexpr std::string_view kPtp4lVerdicts[] = {"healthy", "no grandmaster", "silent grandmaster",
                                               "poor clock class", "large offset"};

constexpr double kNanosecond = 1e-9;

double seconds_of(std::uint32_t ntp_short) { return ntp_short / 65536.0; }
double seconds_of_units(std::int64_t units) {
  return clock::to_fractional_nanoseconds(clock::NtpDuration{units}) * kNanosecond;
}

// RFC 5905 §7.3: four letters at stratum 0 and 1, else the address or hash of the source.
std::string reference_text(std::uint32_t id, std::uint8_t stratum) {
  const std::array<std::uint8_t, 4> octets{
      static_cast<std::uint8_t>(id >> 24U), static_cast<std::uint8_t>(id >> 16U),
      static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id)};
  if (stratum > 1) return to_string(wire::Ipv4Address{octets});
  std::string text;
  for (const std::uint8_t octet : octets) {
    if (octet != 0) text += std::isprint(octet) != 0 ? static_cast<char>(octet) : '?';
  }
  return text;
}

const SourceReport* reference_of(const ClockReport& clock) {
  const auto& reference = clock.keeper.reference;
  return reference && *reference < clock.sources.size() ? &clock.sources[*reference] : nullptr;
}

bool has_phc(const ClockReport& clock) { return clock.sources.size() > 1; }

std::string reference_sentence(const ClockReport& clock) {
  const SourceReport* source = reference_of(clock);
  if (source == nullptr) return "nothing";
  if (source->kind == SourceKind::kPhc) return fmt::format("the hardware clock {}", source->name);
  return clock.trusted ? "the system clock, trusted by configuration (trust = true)"
                       : "the system clock";
}

std::string system_reason(const ClockReport& clock) {
  if (!clock.kernel.synchronised && !clock.trusted)
    return "the kernel says that nothing disciplines the system clock";
  for (const SourceReport& source : clock.sources) {
    if (source.kind == SourceKind::kSystem && source.bound > clock::Timekeeper::kLargestBound)
      return fmt::format("the system clock may be wrong by {}",
                         seconds_text(source.bound * kNanosecond));
  }
  return "the system clock has just been stepped, or is read for the first time";
}

json counters_document(const std::optional<phc::EnaCounters>& counters) {
  if (!counters) return nullptr;
  return {{"retrieved", counters->retrieved},
          {"expired", counters->expired},
          {"skipped", counters->skipped},
          {"device_errors", counters->device_errors},
          {"timestamp_errors", counters->timestamp_errors},
          {"errors", counters->errors}};
}

// Why the first choice is not served.
std::string phc_reason(const SourceReport& phc) {
  if (phc.state != SourceState::kTracking) {
    return fmt::format("the hardware clock {} is {}", phc.name, name_of(kSourceStates, phc.state));
  }
  if (phc.opinion == clock::Opinion::kDisputed)
    return fmt::format("other clocks contradict the hardware clock {}", phc.name);
  if (phc.opinion == clock::Opinion::kAgreed)
    return fmt::format("the served time has just been set by the hardware clock {}", phc.name);
  return fmt::format(
      "no other clock confirms the hardware clock {}, and trust_phc is not set or it has jumped",
      phc.name);
}

std::string unsynchronised_reason(const ClockReport& clock) {
  if (!clock.alive) return "the clock thread stands still";
  if (!has_phc(clock)) return system_reason(clock);
  const std::string reason = phc_reason(clock.sources.front());
  return clock.kernel.synchronised || clock.trusted ? reason
                                                    : reason + ", and " + system_reason(clock);
}

json source_document(const SourceReport& source) {
  // Nothing is known of a clock that has not been followed yet.
  const auto known = [&source](double value) {
    return source.bound > 0 ? json(value * kNanosecond) : json();
  };
  return {{"name", source.name},
          {"kind", source.kind == SourceKind::kPhc ? "phc" : "system"},
          {"device", source.device},
          {"clock_name", source.clock_name},
          {"method", source.method},
          {"state", name_of(kSourceStates, source.state)},
          {"followed", source.followed},
          {"voters", name_of(kOpinions, source.opinion)},
          {"timescale", name_of(kTimescales, source.timescale)},
          {"offset_s", known(source.offset)},
          {"error_s", source.error * kNanosecond},
          {"bound_s", known(source.bound)},
          {"sigma_s", known(source.sigma)},
          {"frequency_ppm", source.frequency * 1e-3},
          {"read_window_s", known(source.window)},
          {"samples", source.samples},
          {"failures", source.failures},
          {"disruptions", source.disruptions},
          {"driver_counters", counters_document(source.ena_counters)},
          {"trouble", source.trouble}};
}

json voter_document(const VoterReport& voter) {
  return {{"address", voter.address},
          {"stratum", voter.stratum},
          {"offset_s", voter.offset * kNanosecond},
          {"bound_s", voter.bound * kNanosecond},
          {"usable", voter.usable},
          {"agrees", voter.agrees}};
}

json peers_document(const ClockReport& clock) {
  json peers = json::object();
  if (clock.chronyd.asked)
    peers["chronyd"] = {{"outcome", name_of(kOutcomes, clock.chronyd.outcome)},
                        {"follows_phc", clock.upstream && clock.upstream->follows_phc}};
  if (clock.ptp4l.asked) {
    peers["ptp4l"] = {
        {"outcome", name_of(kOutcomes, clock.ptp4l.outcome)},
        {"verdict",
         clock.ptp4l_verdict ? json(name_of(kPtp4lVerdicts, *clock.ptp4l_verdict)) : json()}};
  }
  return peers;
}

json leap_document(const ClockReport& clock) {
  if (!clock.pending_leap) return nullptr;
  const auto& leap = *clock.pending_leap;
  const auto utc = clock::to_utc(leap.at, std::chrono::seconds{clock.snapshot.tai_minus_utc});
  return {{"at", iso_time(utc.time_since_epoch())},
          {"kind", leap.change.count() > 0 ? "insert" : "delete"}};
}

void warn_of_sources(const ClockReport& clock, std::vector<std::string>& warnings) {
  for (const SourceReport& source : clock.sources) {
    if (source.kind != SourceKind::kPhc) continue;
    if (source.state != SourceState::kTracking) {
      warnings.push_back("hardware " + source_sentence(source));
    } else if (source.opinion == clock::Opinion::kDisputed) {
      warnings.push_back(fmt::format(
          "hardware clock {}: the majority of the other clocks contradicts it", source.name));
    }
  }
  if (clock.keeper.doubt > 0) {
    warnings.push_back(fmt::format(
        "the hardware clock jumped by {} and nobody says which time is right: that is part of the "
        "error bound until other clocks confirm it, it jumps back, or polluxd is restarted",
        seconds_text(clock.keeper.doubt * kNanosecond)));
  }
  if (clock.ptp4l.asked && clock.ptp4l.outcome != phc::PeerOutcome::kAnswered) {
    warnings.push_back(fmt::format("ptp4l: {}; its clock is not followed without its word",
                                   name_of(kOutcomes, clock.ptp4l.outcome)));
  }
}

void warn_of_leap_table(const ClockConfig& config, const ClockReport& clock,
                        std::vector<std::string>& warnings) {
  if (config.leap_file == kNoFile) return;
  if (!clock.has_leap_table) {
    warnings.push_back(
        fmt::format("no table of leap seconds could be read from {}: only what the "
                    "kernel or ptp4l announce counts",
                    config.leap_file));
  } else if (clock.leap_table_expired) {
    warnings.push_back(
        fmt::format("{} has expired: its offset is kept, but leap seconds to come are not known; "
                    "upgrade tzdata",
                    config.leap_file));
  }
}

}  // namespace

std::string iso_time(std::chrono::nanoseconds since_unix_epoch) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_unix_epoch);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(since_unix_epoch - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())), milliseconds.count());
}

bool is_synchronised(const ClockReport& clock) {
  return clock.alive && clock.header.leap != clock::LeapIndicator::kUnsynchronised;
}

std::string_view state_name(const ClockReport& clock) {
  return clock.alive ? name_of(kStates, clock.keeper.state) : "UNSYNC";
}

std::string status_sentence(const ClockReport& clock) {
  if (!is_synchronised(clock)) return "unsynchronised: " + unsynchronised_reason(clock);
  const double bound = static_cast<double>(clock.snapshot.error_bound_ns) * kNanosecond;
  const std::string tail =
      fmt::format("{}, error bound {}", reference_sentence(clock), seconds_text(bound));
  const unsigned stratum = clock.header.stratum;
  switch (clock.keeper.state) {
    case ClockState::kHoldover:
      return fmt::format("synchronised: stratum {} in holdover for {:.0f} s, without {}", stratum,
                         clock.keeper.holdover_age, tail);
    case ClockState::kFallback:
      return fmt::format("synchronised: stratum {} from {}, for want of a hardware clock", stratum,
                         tail);
    case ClockState::kLocal:
      return fmt::format("serving a clock that nobody vouches for (local = true) at stratum {}: {}",
                         stratum, tail);
    case ClockState::kInit:
    case ClockState::kLocked:
    case ClockState::kUnsync:
      break;
  }
  return fmt::format("synchronised: stratum {} from {}", stratum, tail);
}

std::string source_sentence(const SourceReport& source) {
  return fmt::format("clock {}{}: {}{}{}", source.name,
                     source.device.empty() ? "" : fmt::format(" ({})", source.device),
                     name_of(kSourceStates, source.state), source.trouble.empty() ? "" : ", ",
                     source.trouble);
}

std::vector<std::string> clock_warnings(const ClockConfig& config, const ClockReport& clock) {
  std::vector<std::string> warnings;
  if (config.trust && !clock.upstream) {
    warnings.emplace_back(
        "the system clock is declared good by configuration (clock.trust = true): its error is not "
        "known to Pollux");
  }
  if (!config.stratum && !clock.upstream && !has_phc(clock)) {
    warnings.emplace_back(
        "clock.stratum is not set and chronyd does not tell it: stratum 10 is served; set it to "
        "one more than that of the server that the system clock follows");
  }
  warn_of_sources(clock, warnings);
  warn_of_leap_table(config, clock, warnings);
  if (clock.counts_raw) {
    warnings.push_back(fmt::format(
        "CLOCK_MONOTONIC_RAW is used instead of the CPU's counter{}{}: stamps take longer",
        clock.counter_fault.empty() ? "" : ", because ", clock.counter_fault));
  } else if (!clock.counter_fault.empty()) {
    warnings.push_back(fmt::format(
        "the CPU's counter is used by configuration (clock.counter = \"tsc\") although {}",
        clock.counter_fault));
  }
  if (!clock.alive)
    warnings.emplace_back("the clock thread stands still: unsynchronised replies are sent");
  return warnings;
}

json clock_document(const ClockReport& clock) {
  const auto& header = clock.header;
  const auto& keeper = clock.keeper;
  const SourceReport* source = reference_of(clock);
  json sources = json::array();
  std::ranges::transform(clock.sources, std::back_inserter(sources), source_document);
  json voters = json::array();
  std::ranges::transform(clock.voters, std::back_inserter(voters), voter_document);
  return {{"state", state_name(clock)},
          {"source", source != nullptr ? source->name : ""},
          {"trusted", clock.trusted},
          {"leap", name_of(kLeaps, header.leap)},
          {"stratum", header.stratum},
          {"reference_id", reference_text(header.reference_id, header.stratum)},
          {"reference_id_hex", fmt::format("{:08X}", header.reference_id)},
          {"reference_time", clock.reference_time == clock::UtcTime{}
                                 ? json()
                                 : json(iso_time(clock.reference_time.time_since_epoch()))},
          {"precision", header.precision},
          {"root_delay_s", seconds_of(header.root_delay)},
          {"root_dispersion_s", seconds_of(header.root_dispersion)},
          {"error_bound_s", is_synchronised(clock)
                                ? static_cast<double>(clock.snapshot.error_bound_ns) * kNanosecond
                                : seconds_of(header.root_dispersion)},
          {"bound_growth_ppb", clock.snapshot.drift_ppb},
          {"doubt_s", keeper.doubt * kNanosecond},
          {"offset_s", keeper.offset * kNanosecond},
          {"sigma_s", keeper.sigma * kNanosecond},
          {"frequency_ppm", keeper.frequency * 1e-3},
          {"skew_ppm", keeper.frequency_sigma * 1e-3},
          {"residual_frequency_ppm", keeper.slew * 1e-3},
          {"rms_offset_s", source != nullptr ? source->innovation_rms * kNanosecond : 0},
          {"update_interval_s", source != nullptr ? source->interval : 0},
          {"read_window_s", source != nullptr ? source->window * kNanosecond : 0},
          {"holdover_age_s", keeper.holdover_age},
          {"tai_minus_utc_s", clock.snapshot.tai_minus_utc},
          {"rx_comp_s", -seconds_of_units(clock.snapshot.receive_compensation)},
          {"tx_comp_s", seconds_of_units(clock.snapshot.transmit_compensation)},
          {"pending_leap", leap_document(clock)},
          {"counter_hz", clock.nominal_hertz},
          {"counter", clock.counts_raw ? "monotonic_raw" : "tsc"},
          {"updates", clock.snapshot.updates},
          {"age_s", clock.age_seconds},
          {"steps", keeper.steps},
          {"kernel_synchronised", clock.kernel.synchronised},
          {"peers", peers_document(clock)},
          {"sources", sources},
          {"voters", voters}};
}

}  // namespace pollux::control
