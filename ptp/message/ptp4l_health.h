// Is a clock that ptp4l disciplines good enough to serve from, and how wrong may it be? Judged from
// ptp4l's data sets, once for each round of answers. Pure; owned by the clock thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ptp/clock/snapshot.h"
#include "ptp/message/management.h"

namespace pollux::message {

// The four data sets of one round.
struct Ptp4lDataSets {
  TimeStatus status;
  CurrentDataSet current;
  ParentDataSet parent;
  TimePropertiesDataSet properties;
};

// The first that applies, in this order.
enum class Ptp4lVerdict : std::uint8_t {
  kHealthy,
  kNoGrandmaster,      // ptp4l follows nobody: the clock runs free, whatever it is otherwise
  kSilentGrandmaster,  // it says that it follows, but no Sync is seen to come in (any more)
  kPoorClockClass,     // the grandmaster is not locked to a reference, nor in holdover of one
  kLargeOffset,
};

struct Ptp4lSettings {
  // A larger offset from the grandmaster is not that of a clock in lock.
  std::chrono::nanoseconds largest_offset{100'000};
  // Sync comes every second by default, at most every 2 s in the default profile.
  std::chrono::nanoseconds longest_silence{5'000'000'000};
  // 6: locked to a primary reference; 7: in holdover within its specification (IEEE 1588-2019
  // table 4).
  std::uint8_t worst_clock_class = 7;
};

struct Ptp4lHealth {
  Ptp4lVerdict verdict = Ptp4lVerdict::kNoGrandmaster;
  // E_source: the grandmaster's accuracy + |mean offset| + 4 standard deviations over the window.
  // Nothing where the verdict is not kHealthy, the accuracy is not known or the window is young.
  std::optional<std::chrono::nanoseconds> source_error;
  // For the end of this UTC day; kNone unless the verdict is kHealthy.
  clock::LeapIndicator leap = clock::LeapIndicator::kNone;
  // TAI - UTC where ptp4l holds it for valid, else nothing.
  std::optional<std::chrono::seconds> tai_minus_utc;
  bool is_tai = false;  // the clock is in the PTP timescale
};

// The upper bound that a clockAccuracy code stands for (IEEE 1588-2019 table 5), rounded up to a
// nanosecond. Nothing for "more than 10 s", "unknown" and codes that the table leaves out.
[[nodiscard]] std::optional<std::chrono::nanoseconds> clock_accuracy_bound(
    std::uint8_t code) noexcept;

// The last offsets, each Sync once.
class OffsetWindow {
 public:
  static constexpr std::size_t kSize = 32;
  static constexpr std::size_t kLeast = 8;  // fewer say nothing of the spread

  void add(std::chrono::nanoseconds offset) noexcept;
  void clear() noexcept { count_ = 0; }
  [[nodiscard]] bool is_young() const noexcept { return count_ < kLeast; }
  // |mean| + 4 standard deviations of what is in the window; rounded up, never more than 1e18 ns.
  [[nodiscard]] std::chrono::nanoseconds bound() const noexcept;

 private:
  std::array<double, kSize> offsets_{};  // ns: differences, not absolute times
  std::size_t count_ = 0;                // since the last clear
};

class Ptp4lJudge {
 public:
  explicit Ptp4lJudge(const Ptp4lSettings& settings = {}) noexcept : settings_{settings} {}

  // `now` is any clock that goes forward; rounds come in order of it.
  [[nodiscard]] Ptp4lHealth judge(const Ptp4lDataSets& sets, std::chrono::nanoseconds now) noexcept;

 private:
  void follow(const TimeStatus& status, std::chrono::nanoseconds now) noexcept;
  [[nodiscard]] bool is_silent(std::chrono::nanoseconds now) const noexcept;
  [[nodiscard]] Ptp4lVerdict verdict(const Ptp4lDataSets& sets,
                                     std::chrono::nanoseconds now) const noexcept;

  Ptp4lSettings settings_;
  OffsetWindow window_;
  std::optional<TimeStatus> last_;
  std::optional<std::chrono::nanoseconds> last_sync_;  // when ingress_time last moved, by `now`
};

}  // namespace pollux::message
