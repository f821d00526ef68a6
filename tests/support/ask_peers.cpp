// ask_peers chronyd PORT SECONDS
// ask_peers ptp4l SOCKET OWN_SOCKET SECONDS
// Polls one daemon for so long, as the clock thread does, and prints the last report as JSON;
// `report` is null where there is none. For the smoke tests.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "ptp/phc/chronyd_client.h"
#include "ptp/phc/ptp4l_client.h"

namespace {

using namespace pollux;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

template <typename Client, typename Then>
void poll_for(Client& client, const char* seconds, Then then) {
  const auto end = Clock::now() + std::chrono::seconds{std::strtol(seconds, nullptr, 10)};
  while (Clock::now() < end) {
    client.poll(Clock::now());
    then();
    std::this_thread::sleep_for(std::chrono::milliseconds{125});
  }
}

json to_json(const phc::ChronydSource& source) {
  std::string address;
  const std::size_t used = source.address.kind == message::ChronyAddressKind::kIpv4 ? 4 : 16;
  for (std::size_t i = 0; i < used; ++i)
    address += (i == 0 ? "" : ".") + std::to_string(source.address.octets[i]);
  return {{"address", address},
          {"offset", source.offset.count()},
          {"error_bound", source.error_bound.count()},
          {"sample_age", source.sample_age.count()},
          {"stratum", source.stratum},
          {"reachability", source.reachability},
          {"state", static_cast<int>(source.state)},
          {"usable", source.usable}};
}

json to_json(const phc::ChronydReport& report) {
  json sources = json::array();
  for (const auto& source : report.ntp_sources()) sources.push_back(to_json(source));
  return {{"synchronised", report.synchronised},
          {"stratum", report.stratum},
          {"reference_id", report.reference_id},
          {"root_delay", report.root_delay.count()},
          {"root_dispersion", report.root_dispersion.count()},
          {"correction", report.correction.count()},
          {"follows_phc", report.follows_phc},
          {"known", report.known_to_chronyd},
          {"sources", sources}};
}

json to_json(const phc::Ptp4lReport& report, const message::Ptp4lHealth& health) {
  const auto& [status, current, parent, properties] = report.sets;
  json source_error;
  if (health.source_error) source_error = health.source_error->count();
  return {{"gm_present", status.grandmaster_present},
          {"gm_is_self", status.grandmaster == report.clock},
          {"master_offset", status.master_offset.count()},
          {"ingress_time", status.ingress_time.count()},
          {"offset_from_master", current.offset_from_master.count()},
          {"mean_path_delay", current.mean_path_delay.count()},
          {"steps_removed", current.steps_removed},
          {"clock_class", parent.grandmaster_quality.clock_class},
          {"clock_accuracy", parent.grandmaster_quality.clock_accuracy},
          {"utc_offset", properties.current_utc_offset},
          {"utc_offset_valid", properties.current_utc_offset_valid},
          {"leap61", properties.leap61},
          {"ptp_timescale", properties.ptp_timescale},
          {"time_traceable", properties.time_traceable},
          {"time_source", properties.time_source},
          {"verdict", static_cast<int>(health.verdict)},
          {"source_error", source_error}};
}

json ask_chronyd(char** arguments) {
  phc::ChronydClient client{"127.0.0.1",
                            static_cast<std::uint16_t>(std::strtoul(arguments[0], nullptr, 10))};
  poll_for(client, arguments[1], [] {});
  json result{{"outcome", static_cast<int>(client.last_outcome())}, {"report", nullptr}};
  if (const auto report = client.report(Clock::now())) result["report"] = to_json(*report);
  return result;
}

json ask_ptp4l(char** arguments) {
  phc::Ptp4lClient client{{.socket = arguments[0], .own_socket = arguments[1]}};
  message::Ptp4lJudge judge;
  message::Ptp4lHealth health;
  Clock::time_point judged;
  poll_for(client, arguments[2], [&] {
    const auto report = client.report(Clock::now());
    if (!report || report->taken == judged) return;
    judged = report->taken;
    health = judge.judge(report->sets, judged.time_since_epoch());
  });
  json result{{"outcome", static_cast<int>(client.last_outcome())}, {"report", nullptr}};
  if (const auto report = client.report(Clock::now())) result["report"] = to_json(*report, health);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string whom = argc > 1 ? argv[1] : "";
  json result;
  if (whom == "chronyd" && argc == 4) {
    result = ask_chronyd(argv + 2);
  } else if (whom == "ptp4l" && argc == 5) {
    result = ask_ptp4l(argv + 2);
  } else {
    std::fputs("usage: ask_peers chronyd PORT SECONDS | ptp4l SOCKET OWN_SOCKET SECONDS\n", stderr);
    return 2;
  }
  std::puts(result.dump().c_str());
  return 0;
}
