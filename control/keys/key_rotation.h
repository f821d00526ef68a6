// How old the current key of a ring is, and when the next one is due. Values; any thread.
//
// The file tells the age when it was written, the file system when that was, and a steady clock the
// time since it was read: a step of the clock while the program runs moves nothing. Where the clock
// was evidently wrong at the start, namely before the file was written, it is believed later,
// once it is beyond that time.
#pragma once

#include <chrono>
#include <optional>

namespace pollux::control {

class KeyAge {
 public:
  using Wall = std::chrono::system_clock::time_point;
  using Steady = std::chrono::steady_clock::time_point;
  using Seconds = std::chrono::duration<double>;

  // `at_writing` is not negative and finite.
  KeyAge(Seconds at_writing, Wall written, Wall read, Steady read_steady)
      : at_writing_{at_writing}, written_{written}, read_{read}, read_steady_{read_steady} {}

  [[nodiscard]] Seconds at(Wall now, Steady now_steady) const;
  [[nodiscard]] Seconds now() const {
    return at(std::chrono::system_clock::now(), std::chrono::steady_clock::now());
  }

 private:
  Seconds at_writing_;
  Wall written_;
  Wall read_;
  Steady read_steady_;
};

// Time until the key is due, 0 where it is; nothing where it never is. However long it is overdue,
// one rotation makes it young again.
[[nodiscard]] std::optional<KeyAge::Seconds> next_rotation(
    KeyAge::Seconds age, std::optional<std::chrono::seconds> interval);

}  // namespace pollux::control
