#include "tests/dpdk/live_clock.h"

#include "ptp/phc/counter.h"
#include "ptp/phc/system_clock.h"
#include "tests/support/known_clock.h"

namespace pollux::test {

namespace {

double counter_hertz() {
  if (phc::counter_source() == phc::CounterSource::kMonotonicRaw) return 1e9;
  static const double hertz = phc::measure_counter_hertz(std::chrono::milliseconds{100});
  return hertz;
}

}  // namespace

LiveClock::LiveClock() : hertz_{counter_hertz()} {}

void LiveClock::publish(std::chrono::milliseconds lifetime) {
  const auto reading = phc::read_kernel_clock(CLOCK_REALTIME);
  snapshot_ = known_snapshot();
  snapshot_.map = {.base = reading.counter,
                   .base_time = clock::to_ntp(clock::UtcTime{reading.time}),
                   .multiplier = clock::CounterMap::multiplier_for(hertz_)};
  const double seconds = std::chrono::duration<double>(lifetime).count();
  snapshot_.void_after = phc::read_counter() + static_cast<std::int64_t>(seconds * hertz_);
  snapshot_.reference_time = snapshot_.map.base_time;
  served_ = known_values(0, 0);
  served_.reference = snapshot_.reference_time.units;
  latch_.publish(snapshot_);
}

clock::NtpTime LiveClock::now() const { return snapshot_.map.at(phc::read_counter()); }

clock::NtpTime system_time() {
  return clock::to_ntp(clock::UtcTime{phc::read_kernel_clock(CLOCK_REALTIME).time});
}

}  // namespace pollux::test
