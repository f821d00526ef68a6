// The clock thread: reads the sources, asks the peers, publishes to the workers. Started and asked
// by the control thread. The latch outlives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "control/config/config.h"
#include "control/daemon/clock_peers.h"
#include "control/daemon/clock_report.h"
#include "control/daemon/phc_reader.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/timekeeper.h"
#include "ptp/phc/counter.h"
#include "ptp/phc/phc_kernel.h"
#include "ptp/phc/vmclock.h"

namespace pollux::control {

// What is asked of this host. Other than these only in tests.
struct ClockSeams {
  std::unique_ptr<phc::PhcKernel> kernel = phc::make_linux_phc_kernel();
  phc::LookupRoots roots;  // where hardware clocks are looked for
};

class ClockLoop {
 public:
  // Between two readings of the system clock.
  static constexpr std::chrono::milliseconds kInterval{125};

  static constexpr std::chrono::milliseconds kStartTime{1500};

  // Chooses the counter of the whole process and measures it for a moment. Nothing is published
  // before start(). `run_dir`: the own one, where the socket to ptp4l is made.
  ClockLoop(const ClockConfig& config, const std::string& run_dir, clock::SnapshotLatch& latch,
            ClockSeams seams = {});

  // Publishes, waits for the sources that are there (kStartTime at most), then starts the thread:
  // some clients stay away for an hour after a first "unsynchronised". The destructor ends the
  // thread.
  void start();

  // The counter's rate in an earlier run; before start(). False where it is that of another
  // counter.
  [[nodiscard]] bool expect(const Drift& drift);

  // At any time.
  void set_leap_table(const std::optional<clock::LeapTable>& table);

  [[nodiscard]] double counter_hertz() const noexcept { return nominal_hertz_; }
  [[nodiscard]] ClockReport report() const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run(const std::stop_token& stop);
  [[nodiscard]] bool is_starting() const;
  // Gives when to be called again.
  Time step(Time now);
  void read_system(Time now);
  void watch_for_disruption();
  void make_report(Time now, const clock::Snapshot& snapshot);
  [[nodiscard]] SourceReport describe(std::size_t source, clock::Counter now) const;
  [[nodiscard]] std::optional<Drift> drift() const;

  const ClockConfig config_;
  phc::CounterFacts counter_facts_;
  bool counts_raw_;
  double nominal_hertz_;
  std::unique_ptr<phc::PhcKernel> kernel_;
  std::deque<PhcReader> readers_;
  clock::Timekeeper keeper_;
  ClockPeers peers_;
  phc::VmClock vmclock_;
  std::optional<std::uint64_t> disruption_marker_;
  clock::SnapshotLatch& latch_;
  Time next_system_ = Time::min();
  mutable std::mutex mutex_;
  std::optional<std::optional<clock::LeapTable>> new_table_;  // under mutex_
  ClockReport report_;                                        // under mutex_
  std::jthread thread_;
};

}  // namespace pollux::control
