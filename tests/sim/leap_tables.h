// Leap seconds for simulations: one at 2030-01-01, and the tables that know of it or do not.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ptp/clock/leap.h"

namespace pollux::sim {

// 2030-01-01 00:00:00 UTC.
inline constexpr std::int64_t kLeapNtp = 4'102'444'800;
inline constexpr clock::UtcTime kLeapMidnight{
    std::chrono::seconds{kLeapNtp - clock::kUnixEpochInNtpSeconds}};

// `change` of TAI - UTC, from 37 s.
[[nodiscard]] inline clock::Leap leap_of(int change) {
  const std::chrono::seconds early{change < 0 ? 1 : 0};
  return {.at = clock::TaiTime{kLeapMidnight.time_since_epoch() + std::chrono::seconds{37} - early},
          .change = std::chrono::seconds{change}};
}

// Without the leap where `change` is 0.
[[nodiscard]] inline clock::LeapTable leap_table(int change,
                                                 std::int64_t expiry = kLeapNtp + 10'000'000) {
  std::string text = "#@ " + std::to_string(expiry) + "\n3692217600 37\n";
  if (change != 0) text += std::to_string(kLeapNtp) + ' ' + std::to_string(37 + change) + '\n';
  return clock::LeapTable::parse(text).value();
}

}  // namespace pollux::sim
