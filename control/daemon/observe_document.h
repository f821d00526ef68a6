// The JSON document of the observe socket, made from reports. Pure but for its inputs; control
// thread.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/daemon/clock_report.h"
#include "dataplane/port/settings.h"

namespace pollux::control {

// What happened between two looks at the counters.
struct Rates {
  double received_per_second = 0;
  double answered_per_second = 0;
  struct Worker {
    double busy = 0;               // share of the time, 0..1
    double cycles_per_packet = 0;  // while busy
    double mean_burst = 0;
  };
  std::vector<Worker> workers;
};

// From two reports `seconds` apart; `older` may be empty.
[[nodiscard]] Rates make_rates(const port::DataplaneReport& older,
                               const port::DataplaneReport& newer, double seconds,
                               double counter_hertz);

// Sum over the workers of one verdict.
[[nodiscard]] std::uint64_t total_of(const port::DataplaneReport& report,
                                     responder::Verdict verdict);

struct ObserveInput {
  const Config& config;
  const ClockReport& clock;
  const port::DataplaneReport& dataplane;
  const Rates& rates;
  std::vector<bool> kernel_behind;  // for each port
  std::vector<std::string> warnings;
  std::string status;
  std::chrono::system_clock::time_point started;
  double uptime_seconds = 0;
  bool sleeps_when_idle = false;
  nlohmann::json nts;  // of NtsKeys
};

[[nodiscard]] nlohmann::json observe_document(const ObserveInput& input);

}  // namespace pollux::control
