// A clock loop in real time over a hardware clock that can be made to fail, and what it serves
// meanwhile. The system clock is this machine's.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "control/daemon/clock_document.h"
#include "control/daemon/clock_loop.h"
#include "ptp/clock/served_clock.h"
#include "tests/support/live_phc_kernel.h"
#include "tests/support/phc_tree.h"

namespace pollux::control {

class ClockLoopTest : public testing::Test {
 protected:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  static constexpr const char* kName = "live clock";

  struct Watched {
    std::optional<double> unsynchronised;  // s until that was said first
    double worst = -INFINITY;  // error less error bound while synchronised, ns; positive is a lie
    double error = 0;          // largest while synchronised, ns
  };

  ClockLoopTest() {
    tree.add(0, kName, "", test::PhcTree::kDevices[0]);
    config.phc = {kName};
    config.trust_phc = true;
    config.timescale = PhcTimescale::kUtc;
    config.chronyd = false;
  }

  void make(std::chrono::nanoseconds ahead = {}, double drift = 0) {
    auto made = std::make_unique<test::LivePhcKernel>(ahead, drift);
    kernel = made.get();
    loop.emplace(config, tree.root().string(), latch,
                 ClockSeams{.kernel = std::move(made), .roots = tree.roots()});
  }
  void start() {
    make();
    loop->start();
    ASSERT_TRUE(until([this] { return state() == "LOCKED"; }, 3)) << sentence();
  }

  [[nodiscard]] std::string state() const { return std::string{state_name(loop->report())}; }
  [[nodiscard]] std::string sentence() const { return status_sentence(loop->report()); }
  [[nodiscard]] SourceReport source() const { return loop->report().sources.front(); }

  static bool until(const std::function<bool()>& condition, double seconds) {
    const auto end = Clock::now() + Seconds{seconds};
    while (!condition()) {
      if (Clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
  }

  // What a worker would have said, every 2 ms. `shift`: of what the clock shows from UTC.
  Watched watch(double seconds, std::chrono::nanoseconds shift = {}) {
    Watched watched;
    clock::ServedClock served{latch};
    const auto begin = Clock::now();
    while (Clock::now() < begin + Seconds{seconds}) {
      const auto raw = phc::read_kernel_clock(CLOCK_MONOTONIC_RAW);
      served.refresh();
      look(served, raw, shift, Seconds{Clock::now() - begin}.count(), watched);
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return watched;
  }

  test::PhcTree tree;
  ClockConfig config;
  clock::SnapshotLatch latch;
  test::LivePhcKernel* kernel = nullptr;
  std::optional<ClockLoop> loop;

 private:
  void look(const clock::ServedClock& served, const phc::ClockReading& raw,
            std::chrono::nanoseconds shift, double at, Watched& watched) const {
    const auto said = served.at(raw.counter, raw.counter);
    const auto header = clock::unpack(said.header);
    if (header.leap == clock::LeapIndicator::kUnsynchronised) {
      if (!watched.unsynchronised) watched.unsynchronised = at;
      return;
    }
    const auto& snapshot = served.snapshot();
    const clock::UtcTime truth{kernel->true_time(raw.time) - shift};
    const double error = std::abs(
        clock::to_fractional_nanoseconds(snapshot.map.at(raw.counter) - clock::to_ntp(truth)));
    const double age = static_cast<double>(raw.counter - snapshot.map.base) / loop->counter_hertz();
    const double bound = static_cast<double>(snapshot.error_bound_ns) +
                         static_cast<double>(snapshot.drift_ppb) * std::max(age, 0.0);
    watched.worst = std::max(watched.worst, error - bound);
    watched.error = std::max(watched.error, error);
  }
};

}  // namespace pollux::control
