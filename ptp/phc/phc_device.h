// A PTP hardware clock read against the CPU counter. Used by the clock thread alone, which owns it;
// the kernel seam outlives it. It never sets or steers the clock and needs no right but to read the
// device file. A read takes as long as kernel and driver let it: microseconds as a rule, but
// nothing here can cut it short.
#pragma once

#include <array>
#include <expected>
#include <string_view>

#include "ptp/phc/device_lookup.h"
#include "ptp/phc/phc_error.h"
#include "ptp/phc/phc_kernel.h"
#include "ptp/phc/stamp_map.h"
#include "ptp/phc/system_clock.h"

namespace pollux::phc {

// In the order in which they are tried.
enum class ReadMethod : std::uint8_t {
  kPrecise,           // PTP_SYS_OFFSET_PRECISE: device and counter latched at one instant
  kExtendedRaw,       // PTP_SYS_OFFSET_EXTENDED, CLOCK_MONOTONIC_RAW stamps; Linux 6.12
  kExtendedRealtime,  // the same with CLOCK_REALTIME stamps
  kPlain,             // PTP_SYS_OFFSET: CLOCK_REALTIME between whole reads
};
[[nodiscard]] std::string_view name(ReadMethod method) noexcept;

// How good a reading is at best; chooses the noise floor of the filter.
enum class ReadClass : std::uint8_t { kCrossTimestamp, kMemoryMapped, kEna };
[[nodiscard]] std::string_view name(ReadClass read_class) noexcept;

class PhcDevice {
 public:
  struct Settings {
    double counter_hertz = 0;  // nominal: against CLOCK_MONOTONIC_RAW
    unsigned samples = 5;      // in one read, 1 to 25; an ENA clock is always asked for one
    LookupRoots roots;
  };

  // A longer round is refused.
  static constexpr std::chrono::milliseconds kLongestRound{5};

  // Opens nothing yet.
  PhcDevice(PhcKernel& kernel, PhcIdentity identity, Settings settings);
  ~PhcDevice();
  PhcDevice(const PhcDevice&) = delete;
  PhcDevice& operator=(const PhcDevice&) = delete;

  // Opens the device and tries which way of reading works. After an error it is closed: try again
  // later on kBusy and kSlow; kUnsupported is for good ("not a time source").
  [[nodiscard]] std::expected<void, PhcError> open();

  // Looks for the same clock, under whatever number it has now, and opens it; kGone while it is not
  // there. Also the way to choose the method of reading anew.
  [[nodiscard]] std::expected<void, PhcError> reopen();

  void close() noexcept;

  // One reading: the middle of the narrowest sample against the counter, its width in ticks (0 for
  // kPrecise), and the time in nanoseconds of the clock's own scale. Of several samples the first
  // is not used: caches are cold. After kGone the device is closed. Without an open device: kGone.
  [[nodiscard]] std::expected<ClockReading, PhcError> read();

  // errno of the last error that came from the kernel, 0 where it did not.
  [[nodiscard]] int last_errno() const noexcept { return last_errno_; }

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] const PhcIdentity& identity() const noexcept { return identity_; }
  [[nodiscard]] bool is_ena() const noexcept { return is_ena_; }
  [[nodiscard]] unsigned samples() const noexcept;  // that one read asks for
  [[nodiscard]] ReadMethod method() const noexcept { return method_; }
  [[nodiscard]] ReadClass read_class() const noexcept;

 private:
  // A device time between two stamps of a system clock, nanoseconds each.
  struct Sample {
    std::chrono::nanoseconds before{0};
    std::chrono::nanoseconds device{0};
    std::chrono::nanoseconds after{0};
  };
  struct Samples {
    std::array<Sample, PTP_MAX_SAMPLES> all;
    unsigned count = 0;
    bool valid = true;  // false: some time was none
  };

  [[nodiscard]] std::expected<void, PhcError> probe();
  [[nodiscard]] std::expected<void, PhcError> try_method(ReadMethod method);
  [[nodiscard]] std::expected<ClockReading, PhcError> read_round();
  [[nodiscard]] std::expected<ClockReading, PhcError> best_of(const Samples& samples,
                                                              const StampMap& map) const;
  [[nodiscard]] int ask(Samples& samples);
  [[nodiscard]] int ask_precise(Samples& samples);
  [[nodiscard]] int ask_extended(Samples& samples);
  [[nodiscard]] int ask_plain(Samples& samples);
  [[nodiscard]] std::unexpected<PhcError> fail(PhcError error, int error_number = 0) noexcept;
  [[nodiscard]] std::unexpected<PhcError> fail_with(int error_number) noexcept;
  [[nodiscard]] bool is_unplugged();
  [[nodiscard]] clockid_t stamp_clock() const noexcept;

  PhcKernel& kernel_;
  PhcIdentity identity_;
  Settings settings_;
  bool is_ena_ = false;
  int descriptor_ = -1;
  ReadMethod method_ = ReadMethod::kPlain;
  int last_errno_ = 0;
};

}  // namespace pollux::phc
