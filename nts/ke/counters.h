// What a worker counts. Each counter has one writer, its worker; anybody may read.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pollux::nts {

enum class Count : std::uint8_t {
  kAccepted,            // connections taken from the kernel
  kEstablished,         // sessions that got cookies
  kRefusedAdmission,    // connections closed at once: too many of that address, or of all
  kRefusedConnections,  // closed at once: as many open as may be
  kDisplaced,           // sessions without a request that gave up their place for a newer one
  kTimeouts,            // sessions at whose deadline no whole request was there
  kTlsFailures,         // handshakes that failed, no ALPN "ntske/1" among them
  kBadRequests,         // requests that were answered with an Error record, but for timeouts
  kErrorsSent,          // Error records of all kinds
  kNoCommonAead,        // good requests that name no protocol or algorithm of ours
  kCookies,             // given away
  kAcceptPauses,        // times that the kernel had no descriptor or memory for a connection
};
inline constexpr std::size_t kCounts = 12;

using CountValues = std::array<std::uint64_t, kCounts>;

class alignas(64) Counters {
 public:
  void add(Count which, std::uint64_t number = 1) noexcept {
    auto& value = values_[static_cast<std::size_t>(which)];
    value.store(value.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
  }

  void add_to(CountValues& sums) const noexcept {
    for (std::size_t i = 0; i < kCounts; ++i) sums[i] += values_[i].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kCounts> values_{};
};

[[nodiscard]] constexpr std::uint64_t value_of(const CountValues& values, Count which) noexcept {
  return values[static_cast<std::size_t>(which)];
}

}  // namespace pollux::nts
