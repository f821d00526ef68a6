// A PTP hardware clock, the system's clocks and the CPU's counter, all made up: time passes only by
// calls and by advance(). Every fault that a real device can show can be switched on. One thread.
// The counter is taken as perfect; drifts and slews are relative to it.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "ptp/phc/phc_kernel.h"
#include "tests/support/octets.h"

namespace pollux::test {

class FakePhcKernel final : public phc::PhcKernel {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // How the driver behaves; may be changed between calls.
  struct Driver {
    bool offers_precise = false;
    bool offers_extended = true;
    bool knows_stamp_clock = true;  // false: a kernel before 6.12
    bool obeys_stamp_clock = true;  // false: stamps with CLOCK_REALTIME whatever it is asked
    bool offers_plain = true;
    Nanoseconds read_latency{500};  // from a stamp to the device, and as long back
    Nanoseconds jitter{0};          // mean of what is added to each, exponential
    Nanoseconds cold_latency{0};    // on the way to the device in the first sample of a call
    Nanoseconds resolution{1};      // of the device's time
    unsigned reads_a_second = 0;    // more fail with EBUSY; 0: no limit
    bool gives_nonsense = false;    // times that are none
  };

  static constexpr std::int64_t kHertz = 2'500'000'000;
  static constexpr Nanoseconds kSandwichWidth{40};
  static constexpr std::chrono::seconds kStart{1'700'000'000};  // of CLOCK_REALTIME and the device

  explicit FakePhcKernel(std::uint64_t seed = 1) : random_{seed} {}

  Driver driver;
  std::map<std::string, int> interface_clocks;  // -1: an interface without a clock
  std::map<std::string, phc::InterfaceCounters> counters_of_interface;

  void advance(Nanoseconds length) noexcept { now_ += length.count() * 1000; }

  // The device: where it is plugged in, and what its oscillator does.
  void plug(std::string path) { path_ = std::move(path); }
  void unplug();                          // open descriptors are dead from now on
  void set_drift(double drift) noexcept;  // seconds a second, relative to the counter
  void step(Nanoseconds by) noexcept;
  void set_frozen(bool frozen) noexcept;
  [[nodiscard]] Nanoseconds device_time() const noexcept;
  // The device's time when the counter showed this, as if its rate had always been as it is now.
  [[nodiscard]] double device_time_at(
      clock::Counter counter) const noexcept;  // less device_epoch()
  [[nodiscard]] Nanoseconds device_epoch() const noexcept { return device_base_; }

  // CLOCK_REALTIME and with it CLOCK_TAI.
  void step_realtime(Nanoseconds by) noexcept;
  void slew_realtime(double rate) noexcept;

  // Faults of the next call that reads the device.
  void fail_next(int error_number, unsigned calls = 1) { failures_.assign(calls, error_number); }
  void stall_next(Nanoseconds length) noexcept { stall_ = length; }
  void step_realtime_in_next(Nanoseconds by) noexcept { step_inside_ = by; }
  void step_realtime_after_next(Nanoseconds by) noexcept { step_behind_ = by; }
  void fail_open(int error_number) noexcept { open_error_ = error_number; }  // 0: no more

  [[nodiscard]] std::size_t open_descriptors() const noexcept {
    return live_.size() + dead_.size();
  }
  [[nodiscard]] unsigned capability_calls() const noexcept { return capability_calls_; }
  [[nodiscard]] unsigned device_calls() const noexcept { return device_calls_; }
  [[nodiscard]] unsigned samples_taken() const noexcept { return samples_; }

  [[nodiscard]] clock::Counter counter() noexcept override;
  [[nodiscard]] phc::ClockReading sandwich(clockid_t id) noexcept override;
  [[nodiscard]] std::expected<int, int> open(const std::string& path) noexcept override;
  void close(int descriptor) noexcept override;
  [[nodiscard]] int capabilities(int descriptor, ptp_clock_caps& caps) noexcept override;
  [[nodiscard]] int precise(int descriptor, ptp_sys_offset_precise& offset) noexcept override;
  [[nodiscard]] int extended(int descriptor, phc::SysOffsetExtended& offset) noexcept override;
  [[nodiscard]] int plain(int descriptor, ptp_sys_offset& offset) noexcept override;
  [[nodiscard]] std::expected<int, int> interface_clock(const std::string& interface) override;
  [[nodiscard]] std::expected<phc::InterfaceCounters, int> interface_counters(
      const std::string& interface) override;

 private:
  [[nodiscard]] clock::Counter counter_now() const noexcept;
  [[nodiscard]] Nanoseconds read(clockid_t id) const noexcept;
  [[nodiscard]] int enter(int descriptor, bool is_offered) noexcept;
  [[nodiscard]] int count_sample() noexcept;
  [[nodiscard]] ptp_clock_time touch_device() noexcept;
  [[nodiscard]] ptp_clock_time stamp(clockid_t id) const noexcept;
  [[nodiscard]] ptp_clock_time to_kernel(Nanoseconds time) const noexcept;
  void pass_latency() noexcept;
  void leave() noexcept;

  Random random_;
  std::int64_t now_ = 1'000'000'000'000;  // picoseconds since the counter was 0
  std::string path_ = "/dev/ptp0";
  bool frozen_ = false;
  double drift_ = 0;
  Nanoseconds device_base_ = kStart;  // at device_since_
  std::int64_t device_since_ = now_;
  double slew_ = 0;
  Nanoseconds realtime_base_ = kStart;
  std::int64_t realtime_since_ = now_;
  std::deque<int> failures_;
  Nanoseconds stall_{0};
  Nanoseconds step_inside_{0};
  Nanoseconds step_behind_{0};
  int open_error_ = 0;
  int next_descriptor_ = 1000;
  std::set<int> live_;
  std::set<int> dead_;               // open, but of a device that was unplugged
  std::deque<std::int64_t> recent_;  // when samples were taken in the last second
  unsigned capability_calls_ = 0;
  unsigned device_calls_ = 0;
  unsigned samples_ = 0;
};

}  // namespace pollux::test
