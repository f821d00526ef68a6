// A frame in memory with guards before and behind it. Under AddressSanitizer any access outside the
// allowed octets ends the program; elsewhere intact() tells of writes. For tests only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "tests/support/octets.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POLLUX_TEST_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define POLLUX_TEST_ADDRESS_SANITIZER 1
#endif
#if defined(POLLUX_TEST_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace pollux::test {

class GuardedBuffer {
 public:
  static constexpr std::size_t kGuard = 64;
  static constexpr std::size_t kCapacity = 2048;

  GuardedBuffer() = default;
  ~GuardedBuffer() { open(); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  // Copies `frame` in, at most kCapacity octets; nothing else may be touched from now on.
  void load(const Octets& frame) {
    open();
    memory_.fill(kFill);
    if (!frame.empty()) std::memcpy(start(), frame.data(), frame.size());
    allow(frame.size());
  }

  // Makes the first `size` octets accessible and all others not.
  void allow(std::size_t size) {
    size_ = size;
#if defined(POLLUX_TEST_ADDRESS_SANITIZER)
    open();
    ASAN_POISON_MEMORY_REGION(memory_.data(), kGuard);
    ASAN_POISON_MEMORY_REGION(memory_.data() + kGuard + size, memory_.size() - kGuard - size);
#endif
  }

  [[nodiscard]] std::byte* start() { return memory_.data() + kGuard; }

  // The octets before the start and behind the allowed size are as they were. Opens the buffer.
  [[nodiscard]] bool intact() {
    open();
    const auto is_filling = [](std::byte octet) { return octet == kFill; };
    return std::all_of(memory_.begin(), memory_.begin() + kGuard, is_filling) &&
           std::all_of(memory_.begin() + static_cast<std::ptrdiff_t>(kGuard + size_), memory_.end(),
                       is_filling);
  }

  // `size` octets from `from` on, which lies in the buffer.
  [[nodiscard]] static Octets copy(const std::byte* from, std::size_t size) {
    Octets octets(size);
    if (size != 0) std::memcpy(octets.data(), from, size);
    return octets;
  }

 private:
  static constexpr std::byte kFill{0xa5};

  void open() {
#if defined(POLLUX_TEST_ADDRESS_SANITIZER)
    ASAN_UNPOISON_MEMORY_REGION(memory_.data(), memory_.size());
#endif
  }

  alignas(64) std::array<std::byte, kGuard + kCapacity + kGuard> memory_{};
  std::size_t size_ = 0;
};

}  // namespace pollux::test
