// A clock for tests whose counter ticks in units of NTP time (2^-32 s), so that every stamp can be
// told in advance with one addition. Pure; for tests only.
#pragma once

#include <cstdint>

#include "ptp/clock/snapshot.h"
#include "ptp/clock/snapshot_latch.h"
#include "tests/support/reply_check.h"

namespace pollux::test {

inline constexpr std::uint64_t kKnownCounter = 1'000'000;
inline constexpr std::uint64_t kKnownTime = 0xed00'1122'3344'5566;  // at kKnownCounter

// A believed snapshot with a value of its own in every header field.
[[nodiscard]] inline clock::Snapshot known_snapshot() {
  clock::Snapshot snapshot;
  snapshot.map = {.base = {kKnownCounter},
                  .base_time = {kKnownTime},
                  .multiplier = std::int64_t{1} << clock::CounterMap::kShift};
  snapshot.void_after = {kKnownCounter + (std::uint64_t{5} << 32U)};
  snapshot.header = clock::pack({.leap = clock::LeapIndicator::kNone,
                                 .stratum = 3,
                                 .precision = -24,
                                 .root_delay = 0x0001'8203,
                                 .root_dispersion = 0x0000'a0b1,
                                 .reference_id = 0x7f7f'0101});
  snapshot.first_after_leap = snapshot.header.first;
  snapshot.reference_time = {kKnownTime - 12'345};
  return snapshot;
}

// What a reply says of a burst received and sent that many units after kKnownTime.
[[nodiscard]] inline ServedValues known_values(std::uint64_t received, std::uint64_t sent) {
  return {.leap = 0,
          .stratum = 3,
          .precision = -24,
          .root_delay = 0x0001'8203,
          .root_dispersion = 0x0000'a0b1,
          .reference_id = 0x7f7f'0101,
          .reference = kKnownTime - 12'345,
          .receive = kKnownTime + received,
          .transmit = kKnownTime + sent};
}

}  // namespace pollux::test
