// When the frames of a poll came in, on a port that does not stamp them. Pure; worker thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ptp/clock/time.h"

namespace pollux::port {

// What is known of the poll before the one that brought the frames.
struct EarlierPoll {
  clock::Counter at;
  bool drained = false;  // it gave all that was there
};

// If the poll before had drained the queue, the frames came between the two, and the middle is
// right on average. But after a nap or a preemption the middle may lie long before the request was
// sent, which a client takes for a negative delay: so it is `longest_lead` ticks before `now` at
// most. `now` is read behind the receive call.
[[nodiscard]] constexpr clock::Counter receive_time(const EarlierPoll& earlier, clock::Counter now,
                                                    std::int64_t longest_lead) noexcept {
  if (!earlier.drained) return now;
  return now + -std::clamp<std::int64_t>((now - earlier.at) / 2, 0, longest_lead);
}

}  // namespace pollux::port
