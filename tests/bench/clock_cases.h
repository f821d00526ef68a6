// The cases in which the clock is measured: two oscillators, three ways to read the hardware clock.
// And one run of a case, with the other servos beside on the same readings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/sim/models.h"

namespace pollux::bench {

struct ClockCase {
  const char* name;
  sim::OscillatorModel oscillator;
  sim::ReaderModel reader;
};

inline constexpr std::array<ClockCase, 6> kClockCases{{
    {"good_crosststamp", sim::kGoodOscillator, sim::kCrossTimestamp},
    {"good_mmio", sim::kGoodOscillator, sim::kMemoryMapped},
    {"good_ena", sim::kGoodOscillator, sim::kEna},
    {"bad_crosststamp", sim::kBadOscillator, sim::kCrossTimestamp},
    {"bad_mmio", sim::kBadOscillator, sim::kMemoryMapped},
    {"bad_ena", sim::kBadOscillator, sim::kEna},
}};

inline constexpr std::array<const char*, 4> kRivals{"pi_scaled", "pi_fixed", "regression_16",
                                                    "regression_64"};

// Errors in ns.
struct Score {
  double rms = 0;
  double p999 = 0;
  double largest = 0;
  double mtie_1s = 0;
  double mtie_100s = 0;
  double tdev_1s = 0;
  double tdev_10s = 0;
};

struct ClockRun {
  Score served;
  double sigma = 0;                // ns, mean of what was reported
  double bound = 0;                // ns, mean of what was published
  double lock = 0;                 // s from the start
  std::size_t violations = 0;      // of the bound, from lock on
  std::size_t backward = 0;        // steps back, from lock on
  std::size_t unsynchronised = 0;  // checks, from lock on
  std::size_t samples = 0;         // checks that make the score
  std::vector<Score> rivals;       // in the order of kRivals, where asked for
};

// One simulated hour; the first two minutes make no score.
[[nodiscard]] ClockRun run_clock_case(const ClockCase& clock_case, std::uint64_t seed,
                                      bool with_rivals);

}  // namespace pollux::bench
