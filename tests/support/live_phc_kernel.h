// A PTP hardware clock that ticks in real time beside this machine's own clocks, for tests of the
// whole clock loop. Its faults may be switched by any thread while the clock thread reads it.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <mutex>
#include <set>
#include <string>

#include "ptp/phc/counter.h"
#include "ptp/phc/phc_kernel.h"

namespace pollux::test {

class LivePhcKernel final : public phc::PhcKernel {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Shows CLOCK_REALTIME as it was now, and `ahead` more; `drift`: seconds a second.
  explicit LivePhcKernel(Nanoseconds ahead = {}, double drift = 0)
      : base_{phc::read_kernel_clock(CLOCK_REALTIME).time + ahead},
        since_{phc::read_kernel_clock(CLOCK_MONOTONIC_RAW).time},
        drift_{drift} {}

  std::atomic<int> error{0};  // errno of each read; 0: none
  std::atomic<bool> offers_precise{false};
  std::atomic<bool> offers_others{true};
  std::atomic<unsigned> reads{0};

  // True time is what the clock showed before its faults.
  [[nodiscard]] Nanoseconds true_time(Nanoseconds raw) const {
    const auto elapsed = raw - since_;
    const double more = static_cast<double>(elapsed.count()) * drift_;
    return base_ + elapsed + Nanoseconds{std::llround(more)};
  }

  void step(Nanoseconds by) {
    const std::scoped_lock lock{mutex_};
    stepped_ += by;
  }
  void freeze() {
    const std::scoped_lock lock{mutex_};
    frozen_at_ = phc::read_kernel_clock(CLOCK_MONOTONIC_RAW).time;
  }
  void unplug() {
    const std::scoped_lock lock{mutex_};
    plugged_ = false;
    live_.clear();
  }
  void plug() {
    const std::scoped_lock lock{mutex_};
    plugged_ = true;
  }

  [[nodiscard]] clock::Counter counter() noexcept override { return phc::read_counter(); }
  [[nodiscard]] phc::ClockReading sandwich(clockid_t id) noexcept override {
    return phc::read_kernel_clock(id, 3);
  }
  [[nodiscard]] std::expected<int, int> open(const std::string& path) noexcept override {
    const std::scoped_lock lock{mutex_};
    if (!plugged_ || path.empty()) return std::unexpected{ENODEV};
    live_.insert(next_);
    return next_++;
  }
  void close(int descriptor) noexcept override {
    const std::scoped_lock lock{mutex_};
    live_.erase(descriptor);
  }
  [[nodiscard]] int capabilities(int descriptor, ptp_clock_caps& caps) noexcept override {
    const std::scoped_lock lock{mutex_};
    caps = {};
    return live_.contains(descriptor) ? 0 : ENODEV;
  }
  [[nodiscard]] int precise(int descriptor, ptp_sys_offset_precise& offset) noexcept override {
    if (const int fault = enter(descriptor, offers_precise); fault != 0) return fault;
    const auto raw = phc::read_kernel_clock(CLOCK_MONOTONIC_RAW, 1).time;
    offset.sys_monoraw = to_kernel(raw);
    offset.device = to_kernel(shown(raw));
    return 0;
  }
  [[nodiscard]] int extended(int descriptor, phc::SysOffsetExtended& offset) noexcept override {
    if (const int fault = enter(descriptor, offers_others); fault != 0) return fault;
    for (unsigned i = 0; i < offset.n_samples; ++i) {
      offset.ts[i][0] = to_kernel(phc::read_kernel_clock(offset.clockid, 1).time);
      offset.ts[i][1] = to_kernel(shown(phc::read_kernel_clock(CLOCK_MONOTONIC_RAW, 1).time));
      offset.ts[i][2] = to_kernel(phc::read_kernel_clock(offset.clockid, 1).time);
    }
    return 0;
  }
  [[nodiscard]] int plain(int descriptor, ptp_sys_offset& offset) noexcept override {
    static_cast<void>(offset);
    const int fault = enter(descriptor, false);
    return fault;
  }
  [[nodiscard]] std::expected<int, int> interface_clock(const std::string&) override {
    return std::unexpected{ENODEV};
  }
  [[nodiscard]] std::expected<phc::InterfaceCounters, int> interface_counters(
      const std::string&) override {
    return std::unexpected{EOPNOTSUPP};
  }

 private:
  [[nodiscard]] int enter(int descriptor, bool is_offered) {
    const std::scoped_lock lock{mutex_};
    ++reads;
    if (!live_.contains(descriptor)) return ENODEV;
    return error != 0 ? error.load() : is_offered ? 0 : EOPNOTSUPP;
  }
  [[nodiscard]] Nanoseconds shown(Nanoseconds raw) const {
    const std::scoped_lock lock{mutex_};
    return true_time(frozen_at_.count() != 0 ? frozen_at_ : raw) + stepped_;
  }
  static ptp_clock_time to_kernel(Nanoseconds time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    ptp_clock_time result{};
    result.sec = seconds.count();
    result.nsec = static_cast<std::uint32_t>((time - seconds).count());
    return result;
  }

  const Nanoseconds base_;
  const Nanoseconds since_;
  const double drift_;
  mutable std::mutex mutex_;
  Nanoseconds stepped_{0};
  Nanoseconds frozen_at_{0};
  bool plugged_ = true;
  int next_ = 1000;
  std::set<int> live_;
};

}  // namespace pollux::test
