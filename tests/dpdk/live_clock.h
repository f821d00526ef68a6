// A clock that tells true time to workers: the CPU counter mapped to the system clock once for each
// publish(). Any thread may read, one publishes.
#pragma once

#include <chrono>

#include "ptp/clock/snapshot_latch.h"
#include "tests/support/reply_check.h"

namespace pollux::test {

class LiveClock {
 public:
  // Measures the rate of the counter that phc reads, once in a program.
  LiveClock();

  // From now on time is served that is believed for `lifetime`.
  void publish(std::chrono::milliseconds lifetime = std::chrono::hours{1});

  [[nodiscard]] double hertz() const { return hertz_; }
  [[nodiscard]] const clock::SnapshotLatch& latch() const { return latch_; }

  // Now, in the published map.
  [[nodiscard]] clock::NtpTime now() const;

  // What replies say in the header, without receive and transmit time.
  [[nodiscard]] const ServedValues& served() const { return served_; }

 private:
  double hertz_;
  clock::SnapshotLatch latch_;
  clock::Snapshot snapshot_;
  ServedValues served_;
};

// Now by the system clock.
[[nodiscard]] clock::NtpTime system_time();

}  // namespace pollux::test
