// What is special about the clock of an Amazon ENA network adapter. Not tested on hardware: written
// from the driver's documentation. The error bound is read by the clock thread; the counters may be
// read by any one thread that has a PhcKernel of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>

#include "ptp/phc/device_lookup.h"

namespace pollux::phc {

// All readers of the device together get 125 reads a second; beyond that reads fail with EBUSY and
// the device stays blocked for a while. Hence one sample eight times a second.
inline constexpr std::chrono::milliseconds kEnaInterval{125};
// Where the driver does not tell the error bound.
inline constexpr std::chrono::nanoseconds kEnaDefaultBound{50'000};

// Its clock name is ena-ptp-XX, with the PCI slot.
[[nodiscard]] bool is_ena(const PhcIdentity& identity) noexcept;

enum class EnaBoundError : std::uint8_t {
  kAbsent,   // the kernel's own driver does not tell it: take kEnaDefaultBound
  kInvalid,  // the driver has none just now, or what it says is none: this read has no bound
};

// How far the clock is from UTC at most, as the device said at the last read: to be asked after
// each read. It is PARENT/phc_error_bound in sysfs, in nanoseconds, with Amazon's own driver.
[[nodiscard]] std::expected<std::chrono::nanoseconds, EnaBoundError> read_ena_error_bound(
    const PhcIdentity& identity);

// The driver's count of reads since it was loaded. Drivers before 2025 count all errors as one.
struct EnaCounters {
  std::uint64_t retrieved = 0;         // phc_cnt: in time
  std::uint64_t expired = 0;           // phc_exp: too late
  std::uint64_t skipped = 0;           // phc_skp: refused while blocked
  std::uint64_t device_errors = 0;     // phc_err_dv
  std::uint64_t timestamp_errors = 0;  // phc_err_ts
  std::uint64_t errors = 0;            // phc_err
};

// From debugfs (the kernel's own driver, root only), else as `ethtool -S` (Amazon's driver).
// Nothing where neither has them.
[[nodiscard]] std::optional<EnaCounters> read_ena_counters(const PhcIdentity& identity,
                                                           PhcKernel& kernel,
                                                           const LookupRoots& roots = {});

}  // namespace pollux::phc
