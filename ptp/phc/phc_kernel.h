// What ptp/phc asks of Linux for a hardware clock, as a seam: one back end is the real kernel, a
// fake stands in for devices that no test machine has. Calls come from the clock thread only.
// Every call is bounded in time by the kernel and the driver alone; none can be interrupted.
#pragma once

#include <linux/ptp_clock.h>

#include <ctime>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ptp/phc/system_clock.h"

namespace pollux::phc {

// PTP_SYS_OFFSET_EXTENDED as kernels from 6.12 on define it: `clockid` was a reserved word before,
// and older kernels refuse any other value than 0 (CLOCK_REALTIME) with EINVAL. The headers of
// Debian 12 do not know it. Size and request number did not change.
struct SysOffsetExtended {
  unsigned n_samples = 0;
  clockid_t clockid = CLOCK_REALTIME;
  unsigned rsv[2] = {};
  ptp_clock_time ts[PTP_MAX_SAMPLES][3] = {};  // system before, device, system after
};
static_assert(sizeof(SysOffsetExtended) == sizeof(ptp_sys_offset_extended));
static_assert(sizeof(SysOffsetExtended) == 16 + 25 * 3 * 16);

// Counters of a network driver by name, as `ethtool -S` shows them.
using InterfaceCounters = std::vector<std::pair<std::string, std::uint64_t>>;

// Calls that give an int give 0 or an errno. `std::expected` holds an errno when it holds no value.
class PhcKernel {
 public:
  PhcKernel() = default;
  PhcKernel(const PhcKernel&) = delete;
  PhcKernel& operator=(const PhcKernel&) = delete;
  virtual ~PhcKernel() = default;

  [[nodiscard]] virtual clock::Counter counter() noexcept = 0;

  // A clock of the system between two counter readings: the narrowest of three tries.
  [[nodiscard]] virtual ClockReading sandwich(clockid_t id) noexcept = 0;

  // For reading only, closed on exec. ENOTTY where `path` is not a character device.
  [[nodiscard]] virtual std::expected<int, int> open(const std::string& path) noexcept = 0;
  virtual void close(int descriptor) noexcept = 0;

  // Does not touch the device; ENODEV once it is unplugged.
  [[nodiscard]] virtual int capabilities(int descriptor, ptp_clock_caps& caps) noexcept = 0;
  [[nodiscard]] virtual int precise(int descriptor, ptp_sys_offset_precise& offset) noexcept = 0;
  [[nodiscard]] virtual int extended(int descriptor, SysOffsetExtended& offset) noexcept = 0;
  [[nodiscard]] virtual int plain(int descriptor, ptp_sys_offset& offset) noexcept = 0;

  // Number of the hardware clock of a network interface, -1 where it has none; ENODEV where there
  // is no such interface.
  [[nodiscard]] virtual std::expected<int, int> interface_clock(const std::string& interface) = 0;
  [[nodiscard]] virtual std::expected<InterfaceCounters, int> interface_counters(
      const std::string& interface) = 0;
};

[[nodiscard]] std::unique_ptr<PhcKernel> make_linux_phc_kernel();

}  // namespace pollux::phc
