// A two-slot latch that hands the newest state from one writer to any number of readers without a
// lock. The writer fills the slot that nobody is directed to and then moves the sequence number, so
// a writer that is stopped half-way blocks nobody. Every word is atomic.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace pollux::clock {

// `State` is made of 64-bit words.
template <typename State>
class Latch {
  static_assert(std::is_trivially_copyable_v<State>);
  static_assert(sizeof(State) % sizeof(std::uint64_t) == 0);

 public:
  // One thread only.
  void publish(const State& state) noexcept {
    const std::uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    const auto words = std::bit_cast<Words>(state);
    Slot& slot = slots_[(sequence + 1) & 1U];
    for (std::size_t i = 0; i < words.size(); ++i)
      slot.words[i].store(words[i], std::memory_order_release);
    sequence_.store(sequence + 1, std::memory_order_release);
  }

  // Brings `copy` up to date; `seen` is the reader's own memory, 0 at first. False: nothing newer,
  // or the writer overtook us kMaximumTries times, in which case the old copy stands until the next
  // call.
  //
  // A word of a slot is overwritten only after the sequence has moved on. Reading such a word with
  // acquire therefore makes the later sequence visible, and the comparison below rejects the
  // mixture.
  bool refresh(State& copy, std::uint64_t& seen) const noexcept {
    std::uint64_t sequence = sequence_.load(std::memory_order_acquire);
    if (sequence == seen) [[likely]]
      return false;
    for (int i = 0; i < kMaximumTries; ++i) {
      Words words;
      const Slot& slot = slots_[sequence & 1U];
      for (std::size_t k = 0; k < words.size(); ++k)
        words[k] = slot.words[k].load(std::memory_order_acquire);
      const std::uint64_t after = sequence_.load(std::memory_order_acquire);
      if (after == sequence) {
        copy = std::bit_cast<State>(words);
        seen = sequence;
        return true;
      }
      sequence = after;
    }
    return false;
  }

  // 0 until the first publish.
  [[nodiscard]] std::uint64_t sequence() const noexcept {
    return sequence_.load(std::memory_order_acquire);
  }

 private:
  static constexpr int kMaximumTries = 8;
  using Words = std::array<std::uint64_t, sizeof(State) / sizeof(std::uint64_t)>;
  struct alignas(64) Slot {
    std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words{};
  };

  alignas(64) std::atomic<std::uint64_t> sequence_{0};  // written by the writer only
  std::array<Slot, 2> slots_{};                         // written by the writer only
};

}  // namespace pollux::clock
