// Memory whose every piece ends where a page begins that nobody may touch, so that an access behind
// it ends the program, also one by assembly that no sanitizer sees. For tests only.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <vector>

namespace pollux::test {

class FencedMemory {
 public:
  static constexpr std::size_t kLongest = 4096 - 64;

  explicit FencedMemory(std::size_t pieces) : pieces_{pieces} {
    void* const mapped = ::mmap(nullptr, pieces * kStride, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) std::abort();
    start_ = static_cast<std::byte*>(mapped);
    for (std::size_t i = 0; i < pieces; ++i)
      if (::mprotect(start_ + i * kStride + kPage, kPage, PROT_NONE) != 0) std::abort();
  }
  ~FencedMemory() { ::munmap(start_, pieces_ * kStride); }
  FencedMemory(const FencedMemory&) = delete;
  FencedMemory& operator=(const FencedMemory&) = delete;

  // Ends the program where there is no piece left or none so long.
  [[nodiscard]] std::span<std::byte> take(std::size_t length) {
    if (taken_.size() == pieces_ || length > kLongest) std::abort();
    std::byte* const fence = start_ + taken_.size() * kStride + kPage;
    const std::span piece{fence - length, length};
    std::fill_n(piece.data() - kGuard, kGuard, kFill);
    taken_.push_back(piece);
    return piece;
  }

  // Takes everything back; whether nothing was written in front of a piece.
  [[nodiscard]] bool release() {
    const bool intact = std::ranges::all_of(taken_, [](std::span<std::byte> piece) {
      return std::all_of(piece.data() - kGuard, piece.data(),
                         [](std::byte octet) { return octet == kFill; });
    });
    taken_.clear();
    return intact;
  }

 private:
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kStride = 2 * kPage;
  static constexpr std::size_t kGuard = 64;
  static constexpr std::byte kFill{0xa5};

  std::size_t pieces_;
  std::byte* start_ = nullptr;
  std::vector<std::span<std::byte>> taken_;
};

}  // namespace pollux::test
