// One configured hardware clock: found, opened, read when it is due, found again when it was
// unplugged. Owned by the clock thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "control/config/config.h"
#include "ptp/clock/timekeeper.h"
#include "ptp/phc/phc_device.h"
#include "ptp/phc/phc_kernel.h"

namespace pollux::control {

class PhcReader {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Settings {
    std::string written;  // how the operator names the clock
    std::size_t index = 0;
    double counter_hertz = 0;
    phc::LookupRoots roots;
  };

  // `config` and `kernel` outlive the reader.
  PhcReader(Settings settings, const ClockConfig& config, phc::PhcKernel& kernel);

  // What the filter has to know; assumes a memory-mapped clock until one is open.
  [[nodiscard]] clock::SourceSettings source_settings() const;

  // Does what is due and hands a reading to the keeper; `error` takes the place of the clock's own
  // where somebody knows it better. True where there was a reading.
  bool poll(Time now, clock::Timekeeper& keeper, std::optional<std::chrono::nanoseconds> error);

  // When poll() has something to do again; Time::max(): never.
  [[nodiscard]] Time next() const noexcept { return next_; }

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  // Once it was found.
  [[nodiscard]] const std::optional<phc::PhcDevice>& device() const noexcept { return device_; }
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  static constexpr std::chrono::seconds kSearchInterval{1};
  // So many, and the way of reading is chosen anew: the kernel may have changed its counter.
  static constexpr unsigned kFailuresToReopen = 8;

  [[nodiscard]] std::expected<phc::PhcDevice*, std::string> find();
  [[nodiscard]] std::expected<phc::PhcDevice*, std::string> open();
  [[nodiscard]] std::expected<phc::PhcDevice*, std::string> open_device(clock::Timekeeper& keeper);
  void fail(std::string trouble, Time again);
  void fail_reading(phc::PhcDevice& device, phc::PhcError error, Time now);

  Settings settings_;
  const ClockConfig& config_;
  phc::PhcKernel& kernel_;
  std::optional<phc::PhcDevice> device_;
  std::optional<phc::ReadClass> announced_;  // to the keeper
  bool was_tried_ = false;                   // to open the device that was found
  Time next_ = Time::min();
  std::uint64_t failures_ = 0;
  unsigned failures_in_a_row_ = 0;  // but for those that mean "later"
  std::string trouble_;
};

}  // namespace pollux::control
