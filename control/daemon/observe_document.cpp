#include "control/daemon/observe_document.h"

#include <unistd.h>

#include <algorithm>

#include "control/config/address_text.h"
#include "control/daemon/clock_document.h"
#include "control/daemon/residence_document.h"

namespace pollux::control {

namespace {

using nlohmann::json;
using responder::Verdict;
using responder::VerdictKind;

std::uint64_t total_of_kind(const port::DataplaneReport& report, VerdictKind kind) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < responder::kVerdictCount; ++i) {
    if (responder::kVerdicts[i].kind == kind) total += total_of(report, static_cast<Verdict>(i));
  }
  return total;
}

// Requests for the time, whatever the answer.
std::uint64_t total_answered(const port::DataplaneReport& report) {
  return total_of(report, Verdict::reply_plain) + total_of(report, Verdict::reply_nts) +
         total_of(report, Verdict::reply_nts_nak);
}

// What the workers know beside the keys.
json nts_document(const ObserveInput& input) {
  std::uint64_t cookies = 0;
  std::array<std::uint64_t, nts::kRingKeys> unknown{};
  for (const auto& worker : input.dataplane.workers) {
    cookies += worker.nts_cookies;
    for (std::size_t i = 0; i < unknown.size(); ++i) unknown[i] += worker.nts_unknown_keys[i];
  }
  json document = input.nts;
  const auto& workers = input.dataplane.workers;
  const bool answers = !workers.empty() && !workers.front().nts_back_end.empty();
  document["back_end"] = answers ? json(workers.front().nts_back_end) : json();
  document["cookies"] = cookies;
  document["unknown_keys"] = unknown;
  return document;
}

json requests_document(const port::DataplaneReport& report, const Rates& rates) {
  std::uint64_t received = 0;
  for (const auto& worker : report.workers) received += worker.packets;
  return {{"received", received},
          {"answered", total_answered(report)},
          {"dropped", total_of_kind(report, VerdictKind::drop)},
          {"received_per_s", rates.received_per_second},
          {"answered_per_s", rates.answered_per_second}};
}

json serverstats_document(const port::DataplaneReport& report) {
  constexpr std::string_view kKinds[] = {"reply", "kernel", "drop"};
  json verdicts = json::array();
  for (std::size_t i = 0; i < responder::kVerdictCount; ++i) {
    const auto& verdict = responder::kVerdicts[i];
    verdicts.push_back({{"name", verdict.name},
                        {"kind", kKinds[static_cast<std::size_t>(verdict.kind)]},
                        {"count", total_of(report, static_cast<Verdict>(i))},
                        {"help", verdict.help}});
  }
  std::array<std::uint64_t, responder::kFamilies> families{};
  std::array<std::uint64_t, responder::kVersions> versions{};
  for (const auto& worker : report.workers) {
    for (std::size_t family = 0; family < families.size(); ++family) {
      for (std::size_t version = 0; version < versions.size(); ++version) {
        families[family] += worker.answered[family][version];
        versions[version] += worker.answered[family][version];
      }
    }
  }
  json by_version = json::object();
  for (std::size_t version = 1; version < versions.size(); ++version) {
    by_version[std::to_string(version)] = versions[version];
  }
  return {{"verdicts", verdicts},
          {"answered_by_family", {{"ipv4", families[0]}, {"ipv6", families[1]}}},
          {"answered_by_version", by_version}};
}

json workers_document(const ObserveInput& input) {
  json workers = json::array();
  for (std::size_t i = 0; i < input.dataplane.workers.size(); ++i) {
    const auto& worker = input.dataplane.workers[i];
    const Rates::Worker rate =
        i < input.rates.workers.size() ? input.rates.workers[i] : Rates::Worker{};
    workers.push_back(
        {{"id", worker.id},
         {"core", worker.core},
         {"idle", input.sleeps_when_idle ? "sleep" : "poll"},
         {"running", worker.running},
         {"busy", rate.busy},
         {"packets", worker.packets},
         {"polls", worker.polls},
         {"busy_polls", worker.busy_polls},
         {"cycles_per_packet", rate.cycles_per_packet},
         {"mean_burst", rate.mean_burst},
         {"residence", residence_document(worker.residence, input.clock.nominal_hertz)}});
  }
  return workers;
}

json kernel_document(const std::optional<port::KernelReport>& kernel) {
  if (!kernel) return {};
  return {{"interface", kernel->interface},
          {"to_kernel", kernel->to_kernel},
          {"from_kernel", kernel->from_kernel},
          {"dropped_to", kernel->dropped_to},
          {"dropped_from", kernel->dropped_from}};
}

json port_document(const port::PortReport& port, const PortConfig& config, bool kernel_behind) {
  json addresses = json::array();
  for (const auto& own : config.ipv4) addresses.push_back(to_string(own));
  for (const auto& own : config.ipv6) addresses.push_back(to_string(own));
  return {{"name", port.name},
          {"device", port.device},
          {"driver", port.driver},
          {"mac", to_string(port.mac)},
          {"link_up", port.link_up},
          {"link_mbps", port.link_mbps},
          {"addresses", addresses},
          {"vlans", config.vlans},
          {"queues", port.queues},
          {"host_stack", kernel_behind ? "kernel" : "none"},
          {"rss", port.rss},
          {"checksum", port.checksum},
          {"rx_timestamps", port.rx_timestamps},
          {"rx_packets", port.rx_packets},
          {"rx_bytes", port.rx_bytes},
          {"rx_missed", port.rx_missed},
          {"rx_errors", port.rx_errors},
          {"rx_no_mbuf", port.rx_no_mbuf},
          {"tx_packets", port.tx_packets},
          {"tx_bytes", port.tx_bytes},
          {"tx_errors", port.tx_errors},
          {"tx_full", port.counted.tx_full},
          {"rx_stamps_used", port.counted.rx_stamps_used},
          {"rx_stamps_refused", port.counted.rx_stamps_refused},
          {"kernel", kernel_document(port.kernel)}};
}

}  // namespace

std::uint64_t total_of(const port::DataplaneReport& report, Verdict verdict) {
  std::uint64_t total = 0;
  for (const auto& worker : report.workers) total += worker.verdicts[responder::index(verdict)];
  return total;
}

Rates make_rates(const port::DataplaneReport& older, const port::DataplaneReport& newer,
                 double seconds, double counter_hertz) {
  Rates rates;
  if (older.workers.size() != newer.workers.size() || seconds <= 0) return rates;
  for (std::size_t i = 0; i < newer.workers.size(); ++i) {
    const auto& before = older.workers[i];
    const auto& after = newer.workers[i];
    const auto packets = static_cast<double>(after.packets - before.packets);
    const auto polls = static_cast<double>(after.busy_polls - before.busy_polls);
    const auto cycles = static_cast<double>(after.busy_cycles - before.busy_cycles);
    rates.received_per_second += packets / seconds;
    rates.workers.push_back({.busy = std::min(1.0, cycles / (seconds * counter_hertz)),
                             .cycles_per_packet = packets > 0 ? cycles / packets : 0,
                             .mean_burst = polls > 0 ? packets / polls : 0});
  }
  rates.answered_per_second =
      static_cast<double>(total_answered(newer) - total_answered(older)) / seconds;
  return rates;
}

json observe_document(const ObserveInput& input) {
  json ports = json::array();
  for (std::size_t i = 0; i < input.dataplane.ports.size(); ++i) {
    ports.push_back(
        port_document(input.dataplane.ports[i], input.config.ports[i], input.kernel_behind[i]));
  }
  return {{"version", POLLUX_VERSION},
          {"pid", getpid()},
          {"started", iso_time(input.started.time_since_epoch())},
          {"uptime_s", input.uptime_seconds},
          {"state", is_synchronised(input.clock) ? "synchronised" : "unsynchronised"},
          {"status", input.status},
          {"warnings", input.warnings},
          {"clock", clock_document(input.clock)},
          {"requests", requests_document(input.dataplane, input.rates)},
          {"serverstats", serverstats_document(input.dataplane)},
          {"workers", workers_document(input)},
          {"ports", ports},
          {"nts", nts_document(input)},
          {"memory",
           {{"mbufs", input.dataplane.buffers},
            {"mbufs_in_use", input.dataplane.buffers_in_use},
            {"hugepages", input.config.memory.hugepages}}}};
}

}  // namespace pollux::control
