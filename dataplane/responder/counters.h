// Counters with one writer: the worker that owns them. Any thread may read.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/responder/verdict.h"

namespace pollux::responder {

// A 64-bit count without locked instructions; right because only one thread adds.
class Count {
 public:
  void add(std::uint64_t amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t read() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

enum class Family : std::uint8_t { kIpv4 = 0, kIpv6 = 1 };
inline constexpr std::size_t kFamilies = 2;
inline constexpr std::size_t kVersions = 8;  // of which 1 to 4 are answered

// Written by one worker once for each burst.
struct alignas(64) ResponderCounters {
  std::array<Count, kVerdictCount> verdicts;
  std::array<std::array<Count, kVersions>, kFamilies> answered;  // by family and NTP version
};

}  // namespace pollux::responder
