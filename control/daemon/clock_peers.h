// The programs that may run beside Pollux and know about the clocks of this host: chronyd and
// ptp4l. Asked once a second without waiting; what they say goes to the timekeeper. Owned by the
// clock thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/daemon/clock_report.h"
#include "ptp/clock/timekeeper.h"
#include "ptp/message/ptp4l_health.h"
#include "ptp/phc/chronyd_client.h"
#include "ptp/phc/ptp4l_client.h"

namespace pollux::control {

class ClockPeers {
 public:
  using Time = std::chrono::steady_clock::time_point;

  ClockPeers(const ClockConfig& config, const std::string& run_dir);

  void poll(Time now, clock::Timekeeper& keeper);

  // Of the hardware clock that ptp4l keeps; nothing where there is no ptp4l to ask.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> phc_error() const noexcept {
    return phc_error_;
  }

  // Fills in what the peers said. `system_offset`: of the system clock from the served time, ns;
  // `reach`: how far a voter may be from it and agree, ns.
  void describe(Time now, double system_offset, double reach, ClockReport& report) const;

 private:
  static void follow(phc::ChronydClient& chronyd, Time now, clock::Timekeeper& keeper);
  void follow(phc::Ptp4lClient& ptp4l, Time now, clock::Timekeeper& keeper);

  std::optional<phc::ChronydClient> chronyd_;
  std::optional<phc::Ptp4lClient> ptp4l_;
  message::Ptp4lJudge judge_;
  std::optional<Time> judged_;  // when the report that was judged last was taken
  std::optional<message::Ptp4lVerdict> verdict_;
  std::optional<std::chrono::nanoseconds> phc_error_;
};

}  // namespace pollux::control
