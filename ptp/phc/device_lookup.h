// Finds a PTP hardware clock by what the operator wrote, and finds it again after it was unplugged
// and came back under another number. At start and in the clock thread; reads sysfs, opens no
// device.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "ptp/phc/phc_kernel.h"

namespace pollux::phc {

// Other than these only in tests.
struct LookupRoots {
  std::filesystem::path sys = "/sys";
  std::filesystem::path dev = "/dev";
};

struct PhcIdentity {
  std::string written;           // what the operator wrote
  int index = -1;                // of /sys/class/ptp/ptpN
  std::string device;            // the character device to open
  std::string clock_name;        // given by the driver, such as "ena-ptp-05"
  std::filesystem::path sysfs;   // /sys/class/ptp/ptpN
  std::filesystem::path parent;  // the device in sysfs that the clock is part of; empty where none
};

// `written` is one of, tried in this order:
//   a path                  /dev/ptp0 or a link to it such as /dev/ptp_ena
//   a clock name with '*'   ena-ptp-*: the clock with the lowest number whose name starts so
//   an interface            eth0
//   a clock name            ena-ptp-05; refused where several clocks have that name
// What is found is a character device whose number is that of a PTP clock in sysfs; nothing else is
// ever named. The error is a sentence without an end mark.
[[nodiscard]] std::expected<PhcIdentity, std::string> find_phc(std::string_view written,
                                                               PhcKernel& kernel,
                                                               const LookupRoots& roots = {});

// The same clock under its present number: of the same parent device and, where that has several
// clocks, of the same name; a clock without a parent by its name. A clock that was named by
// interface or clock name is then looked for anew, because any that fits is what was meant; a path
// is not, because its number may belong to another clock by now.
[[nodiscard]] std::expected<PhcIdentity, std::string> find_phc_again(const PhcIdentity& lost,
                                                                     PhcKernel& kernel,
                                                                     const LookupRoots& roots = {});

}  // namespace pollux::phc
