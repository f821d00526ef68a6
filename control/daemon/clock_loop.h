// The clock thread: reads the source, disciplines, publishes to the workers, eight times a second.
// Started and asked by the control thread. The latch outlives it.
#pragma once

#include <cstdint>
#include <mutex>
#include <thread>

#include "control/daemon/config.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/system_discipline.h"

namespace pollux::control {

// The clock as the operator sees it.
struct ClockReport {
  clock::Snapshot snapshot;
  clock::HeaderFields header;
  clock::KernelClockState kernel;
  clock::UtcTime reference_time{};
  std::chrono::nanoseconds offset{0};  // of the source from the served time
  double hertz = 0;                    // of the counter in served time
  double nominal_hertz = 0;            // of the counter against CLOCK_MONOTONIC_RAW
  std::uint64_t steps = 0;
  bool trusted = false;
  bool counter_is_invariant = true;
  bool alive = false;      // a snapshot is in force
  double age_seconds = 0;  // of the newest snapshot
};

class ClockLoop {
 public:
  static constexpr std::chrono::milliseconds kInterval{125};

  // Measures the counter for a moment. Nothing is published before start().
  ClockLoop(const ClockConfig& config, clock::SnapshotLatch& latch);

  // Publishes a first snapshot, then starts the thread. The destructor ends it.
  void start();

  [[nodiscard]] double counter_hertz() const noexcept { return settings_.nominal_hertz; }
  [[nodiscard]] ClockReport report() const;

 private:
  void run(const std::stop_token& stop);
  void step();

  clock::SystemSettings settings_;
  clock::SystemDiscipline discipline_;
  clock::SnapshotLatch& latch_;
  bool counter_is_invariant_;
  mutable std::mutex mutex_;
  ClockReport report_;  // under mutex_
  std::jthread thread_;
};

// What is served while the kernel's clock is good, from the configuration.
[[nodiscard]] std::uint8_t served_stratum(const ClockConfig& config);
[[nodiscard]] std::uint32_t served_reference_id(const ClockConfig& config);

}  // namespace pollux::control
