// The page that a hypervisor keeps for its guest's clock (Linux: /dev/vmclock0). Only one word of
// it is used: the disruption marker, which changes when the machine was migrated or restored from a
// snapshot and its counter no longer tells time as before. Owned and asked by the clock thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace pollux::phc {

class VmClock {
 public:
  // Without a page.
  VmClock() = default;
  VmClock(VmClock&& other) noexcept;
  VmClock& operator=(VmClock&& other) noexcept;
  VmClock(const VmClock&) = delete;
  VmClock& operator=(const VmClock&) = delete;
  ~VmClock();

  // Without a page where there is no such device. The error is a sentence without an end mark: the
  // file cannot be opened, is no character device, or its page is not what it should be.
  [[nodiscard]] static std::expected<VmClock, std::string> open(
      const std::string& path = "/dev/vmclock0");

  // The page behind a descriptor, which stays the caller's; `name` is for the error. A file that
  // can be cut short must not be given: reading behind its end ends the process.
  [[nodiscard]] static std::expected<VmClock, std::string> map(int descriptor,
                                                               const std::string& name);

  [[nodiscard]] bool has_page() const noexcept { return page_ != nullptr; }

  // Nothing where there is no page, or while the hypervisor is changing it: ask again at the next
  // sample. A value other than the last one means that the counter's past is void.
  [[nodiscard]] std::optional<std::uint64_t> disruption_marker() const noexcept;

 private:
  VmClock(const void* page, std::size_t length) noexcept : page_{page}, length_{length} {}

  const void* page_ = nullptr;
  std::size_t length_ = 0;
};

}  // namespace pollux::phc
