// A worker's own view of the clock: a private copy of the newest snapshot, evaluated with two
// counter readings for a burst. Lives in one worker, reads the latch, never waits.
#pragma once

#include <cstdint>

#include "ptp/clock/snapshot.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

// What a burst of replies says.
struct ServedTime {
  PackedHeader header;
  NtpTime reference_time;
  NtpTime receive;
  NtpTime transmit;  // never before `receive`
};

class ServedClock {
 public:
  explicit ServedClock(const SnapshotLatch& latch) noexcept : latch_{latch} {}

  // Once for each burst.
  void refresh() noexcept { latch_.refresh(snapshot_, seen_); }

  // Time of a burst received at `received` and sent at `sent`. The unsynchronised header is said
  // before the first snapshot, and when the newest one is past its end: a clock thread that stands
  // still is noticed here.
  //
  // A leap second applies to both stamps as soon as the transmit stamp has reached it, so that the
  // two are always in one scale and transmit - receive stays the true residence time.
  [[nodiscard]] ServedTime at(Counter received, Counter sent) const noexcept {
    ServedTime served{
        .header = snapshot_.header,
        .reference_time = snapshot_.reference_time,
        .receive = snapshot_.map.at(received) + NtpDuration{snapshot_.receive_compensation},
        .transmit = snapshot_.map.at(sent) + NtpDuration{snapshot_.transmit_compensation}};
    if (snapshot_.leap_at != NtpTime{} && (served.transmit - snapshot_.leap_at).units >= 0)
        [[unlikely]]
      apply_leap(served);
    if ((served.transmit - served.receive).units < 0) [[unlikely]]
      served.transmit = served.receive;
    if (seen_ == 0 || sent - snapshot_.void_after > 0) [[unlikely]]
      served.header = pack(unsynchronised_header(unpack(snapshot_.header).precision));
    return served;
  }

  [[nodiscard]] const Snapshot& snapshot() const noexcept { return snapshot_; }

 private:
  void apply_leap(ServedTime& served) const noexcept {
    const NtpDuration leap{snapshot_.leap_seconds * (std::int64_t{1} << 32)};
    served.receive = served.receive + leap;
    served.transmit = served.transmit + leap;
    served.reference_time = served.reference_time + leap;
    served.header.first = snapshot_.first_after_leap;
  }

  const SnapshotLatch& latch_;
  Snapshot snapshot_{};
  std::uint64_t seen_ = 0;
};

}  // namespace pollux::clock
