// The clock of a network card, of which only the ticks are known, against the counter: a straight
// line through its last readings. Stamps of received frames are put on the counter's scale with it.
// Pure; the follower belongs to the control thread, maps go to the workers through a latch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ptp/clock/latch.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

// One reading: the card said `ticks` at some time from `before` to `after`.
struct NicReading {
  Counter before;
  std::uint64_t ticks = 0;
  Counter after;
};

// From the card's ticks to the counter. Every member is one 64-bit word, for the latch.
struct NicMap {
  static constexpr int kShift = 40;

  std::uint64_t base_ticks = 0;
  Counter base;
  std::int64_t multiplier = 0;  // counter ticks for one of the card's, times 2^kShift; 0: no map
  Counter void_after;           // past it not to be used

  [[nodiscard]] constexpr bool is_usable(Counter now) const noexcept {
    return multiplier != 0 && now - void_after <= 0;
  }

  // Right within 2^63 ticks of either scale around the base; beyond that some instant comes out.
  [[nodiscard]] constexpr Counter at(std::uint64_t ticks) const noexcept {
    __extension__ using Wide = __int128;
    const auto distance = static_cast<std::int64_t>(ticks - base_ticks);
    return base + static_cast<std::int64_t>(static_cast<Wide>(distance) * multiplier >> kShift);
  }
};

using NicMapLatch = Latch<NicMap>;

class NicClock {
 public:
  static constexpr std::size_t kReadings = 32;  // that the line is drawn through
  static constexpr std::size_t kWarmUp = 8;     // readings until there is a first line

  // `counter_hertz`: nominal rate of the counter.
  explicit NicClock(double counter_hertz) noexcept : hertz_{counter_hertz} {}

  // To be called some eight times a second. A reading that took long is left out. One that
  // contradicts the line, as after a reset of the card, makes everything start again.
  void add(const NicReading& reading) noexcept;

  // The newest line; none while too little is known.
  [[nodiscard]] const NicMap& map() const noexcept { return map_; }

  // How often a reading has contradicted the others.
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

 private:
  struct Line {
    double slope = 0;   // counter ticks for one of the card's
    double offset = 0;  // counter ticks at the newest reading, from its middle
  };

  [[nodiscard]] const NicReading& newest() const noexcept {
    return readings_[(next_ + kReadings - 1) % kReadings];
  }
  [[nodiscard]] bool contradicts(const NicReading& reading) const noexcept;
  [[nodiscard]] double narrowest() const noexcept;
  [[nodiscard]] Line fit_line() const noexcept;
  [[nodiscard]] bool fits(const Line& line) const noexcept;
  void restart() noexcept;
  void draw() noexcept;

  double hertz_;
  std::array<NicReading, kReadings> readings_{};  // a ring
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  NicMap map_;
  std::uint64_t restarts_ = 0;
};

}  // namespace pollux::clock
