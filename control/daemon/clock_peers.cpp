#include "control/daemon/clock_peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "control/config/address_text.h"

namespace pollux::control {

namespace {

using std::chrono::nanoseconds;

// Where ptp4l cannot say how good the clock is though it calls it locked: the largest offset that
// it still calls so.
constexpr nanoseconds kUnknownPtpError{100'000};

constexpr double as_double(nanoseconds length) noexcept {
  return static_cast<double>(length.count());
}

std::optional<clock::Upstream> upstream_of(const phc::ChronydReport& report) {
  if (!report.synchronised || report.stratum == 0 || report.stratum > 15) return std::nullopt;
  return clock::Upstream{
      .stratum = report.stratum,
      .reference_id = report.reference_id,
      .root_delay = report.root_delay,
      // What chronyd has not corrected yet is an error of the clock.
      .root_dispersion = report.root_dispersion + std::chrono::abs(report.correction),
      .follows_phc = report.follows_phc};
}

std::string text_of(const message::ChronyAddress& address) {
  if (address.kind == message::ChronyAddressKind::kIpv4) {
    std::array<std::uint8_t, 4> octets{};
    std::copy_n(address.octets.begin(), octets.size(), octets.begin());
    return to_string(wire::Ipv4Address{octets});
  }
  return to_string(wire::Ipv6Address{address.octets});
}

}  // namespace

ClockPeers::ClockPeers(const ClockConfig& config, const std::string& run_dir) {
  if (config.chronyd) chronyd_.emplace();
  if (!config.ptp4l.empty()) {
    ptp4l_.emplace(phc::Ptp4lPeer{.socket = config.ptp4l,
                                  .own_socket = run_dir + "/ptp4l-client.sock",
                                  .domain = config.ptp4l_domain});
  }
}

void ClockPeers::poll(Time now, clock::Timekeeper& keeper) {
  if (chronyd_) follow(*chronyd_, now, keeper);
  if (ptp4l_) follow(*ptp4l_, now, keeper);
}

void ClockPeers::follow(phc::ChronydClient& chronyd, Time now, clock::Timekeeper& keeper) {
  chronyd.poll(now);
  const auto report = chronyd.report(now);
  keeper.set_upstream(report ? upstream_of(*report) : std::nullopt);
  std::array<clock::Interval, phc::ChronydReport::kMaximumSources> votes{};
  std::size_t count = 0;
  if (report) {
    for (const auto& source : report->ntp_sources()) {
      if (!source.usable) continue;
      const double offset = as_double(source.offset);
      votes[count++] =
          clock::Interval{.low = offset, .high = offset}.widened(as_double(source.error_bound));
    }
  }
  keeper.set_votes({votes.data(), count});
}

// Without an answer the clock may run free while it looks healthy.
void ClockPeers::follow(phc::Ptp4lClient& ptp4l, Time now, clock::Timekeeper& keeper) {
  ptp4l.poll(now);
  const auto report = ptp4l.report(now);
  if (!report) {
    verdict_.reset();
    keeper.set_health(0, false);
    keeper.tell_ptp_time(std::nullopt, clock::LeapIndicator::kNone);
    return;
  }
  if (judged_ == report->taken) return;
  judged_ = report->taken;
  const auto health = judge_.judge(report->sets, now.time_since_epoch());
  verdict_ = health.verdict;
  phc_error_ = health.source_error.value_or(kUnknownPtpError);
  keeper.set_health(0, health.verdict == message::Ptp4lVerdict::kHealthy);
  keeper.tell_ptp_time(health.tai_minus_utc, health.leap);
}

void ClockPeers::describe(Time now, double system_offset, double reach, ClockReport& report) const {
  report.chronyd.asked = chronyd_.has_value();
  report.ptp4l.asked = ptp4l_.has_value();
  report.ptp4l_verdict = verdict_;
  if (ptp4l_) report.ptp4l.outcome = ptp4l_->last_outcome();
  if (!chronyd_) return;
  report.chronyd.outcome = chronyd_->last_outcome();
  const auto told = chronyd_->report(now);
  if (!told) return;
  for (const auto& source : told->ntp_sources()) {
    const double offset = as_double(source.offset) + system_offset;
    const double bound = as_double(source.error_bound);
    report.voters.push_back({.address = text_of(source.address),
                             .stratum = source.stratum,
                             .offset = offset,
                             .bound = bound,
                             .usable = source.usable,
                             .agrees = std::abs(offset) <= bound + reach});
  }
}

}  // namespace pollux::control
