// What is said about the clock: the "clock" part of the observe document, a sentence, warnings.
// Pure but for its inputs; control thread.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/config.h"
#include "control/daemon/clock_report.h"

namespace pollux::control {

// "2026-11-22T10:00:00.123Z"
[[nodiscard]] std::string iso_time(std::chrono::nanoseconds since_unix_epoch);

[[nodiscard]] bool is_synchronised(const ClockReport& clock);

// "LOCKED" and the like.
[[nodiscard]] std::string_view state_name(const ClockReport& clock);

// One sentence for people and for systemd.
[[nodiscard]] std::string status_sentence(const ClockReport& clock);

// "clock eth0 (/dev/ptp0): tracking"
[[nodiscard]] std::string source_sentence(const SourceReport& source);

// What an operator should know about the clock.
[[nodiscard]] std::vector<std::string> clock_warnings(const ClockConfig& config,
                                                      const ClockReport& clock);

[[nodiscard]] nlohmann::json clock_document(const ClockReport& clock);

}  // namespace pollux::control
