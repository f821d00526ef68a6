// The counter that all times are read against: the CPU's own where it can serve as a time base,
// else the kernel's raw clock. Chosen once at start; read by the clock thread and at start. Workers
// read the same counter through DPDK and are told the choice.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "ptp/clock/time.h"

namespace pollux::phc {

enum class CounterSource : std::uint8_t {
  kTsc,           // x86 TSC, ARMv8 generic timer
  kMonotonicRaw,  // nanoseconds of CLOCK_MONOTONIC_RAW: right everywhere, slower
};

// For the whole process, before any other thread reads the counter. kTsc until then.
void choose_counter_source(CounterSource source) noexcept;
[[nodiscard]] CounterSource counter_source() noexcept;

// Ordered against the instructions around it, so that a reading taken between two of these was
// taken between them. About 25 ns; twice that with kMonotonicRaw where the kernel can use the TSC,
// about 1 us where it cannot.
[[nodiscard]] clock::Counter read_counter() noexcept;

// What speaks for and against the CPU's counter.
struct CounterFacts {
  bool invariant = false;    // CPUID: one rate in every power state
  bool constant = false;     // cpuinfo: constant_tsc, the kernel's word for one rate on all CPUs
  bool nonstop = false;      // cpuinfo: nonstop_tsc, does not halt in deep sleep
  std::string kernel_clock;  // the kernel's own choice (clocksource); empty where unknown

  // Empty where the counter can serve, else why not: a sentence without an end mark.
  [[nodiscard]] std::string fault() const;
};

// `root` is other than "/" only in tests: proc and sys are looked for there.
[[nodiscard]] CounterFacts read_counter_facts(const std::filesystem::path& root = "/");

// True where the counter runs at one rate in every power state and on every core (x86: invariant
// TSC).
[[nodiscard]] bool counter_is_invariant() noexcept;

// Ticks a second against CLOCK_MONOTONIC_RAW, measured over `length`. 100 ms give about 1 ppm.
// kMonotonicRaw: 1e9, at once.
[[nodiscard]] double measure_counter_hertz(std::chrono::milliseconds length) noexcept;

// log2 of the seconds that one reading takes, rounded up: the NTP precision of a stamp, -26 at
// best.
[[nodiscard]] std::int8_t measure_precision(double counter_hertz) noexcept;

}  // namespace pollux::phc
