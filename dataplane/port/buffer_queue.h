// Packet buffers on their way from one thread to another: a ring with one thread that puts and one
// that takes. Neither ever waits for the other, wherever the kernel may have interrupted it, and
// neither writes what the other writes. Holds the buffers, does not own them.
#pragma once

#include <rte_mbuf.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <span>

namespace pollux::port {

class BufferQueue {
 public:
  // Room for `capacity` buffers, rounded up to a power of two.
  explicit BufferQueue(std::size_t capacity)
      : mask_{std::bit_ceil(capacity) - 1}, slots_{std::make_unique<rte_mbuf*[]>(mask_ + 1)} {}

  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

  // The thread that puts: how many of the first of `buffers` found a place, when `reserve` places
  // stay free for others that matter more.
  [[nodiscard]] std::size_t put(std::span<rte_mbuf* const> buffers,
                                std::size_t reserve = 0) noexcept {
    const std::size_t at = put_.load(std::memory_order_relaxed);
    const std::size_t room = capacity() - (at - taken_.load(std::memory_order_acquire));
    const std::size_t count = std::min(buffers.size(), room - std::min(room, reserve));
    for (std::size_t i = 0; i < count; ++i) slots_[(at + i) & mask_] = buffers[i];
    put_.store(at + count, std::memory_order_release);
    return count;
  }
  [[nodiscard]] std::size_t room() const noexcept {
    return capacity() -
           (put_.load(std::memory_order_relaxed) - taken_.load(std::memory_order_acquire));
  }

  // The thread that takes: the oldest of them, as many as are there and fit.
  [[nodiscard]] std::span<rte_mbuf*> take(std::span<rte_mbuf*> into) noexcept {
    const std::size_t at = taken_.load(std::memory_order_relaxed);
    const std::size_t count = std::min(into.size(), put_.load(std::memory_order_acquire) - at);
    if (count == 0) return {};
    for (std::size_t i = 0; i < count; ++i) into[i] = slots_[(at + i) & mask_];
    taken_.store(at + count, std::memory_order_release);
    return into.first(count);
  }
  [[nodiscard]] bool is_empty() const noexcept {
    return put_.load(std::memory_order_acquire) == taken_.load(std::memory_order_relaxed);
  }

 private:
  std::size_t mask_;
  std::unique_ptr<rte_mbuf*[]> slots_;
  alignas(64) std::atomic<std::size_t> put_{0};    // written by the thread that puts
  alignas(64) std::atomic<std::size_t> taken_{0};  // written by the thread that takes
};

}  // namespace pollux::port
