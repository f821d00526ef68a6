// What the clock costs, by Google Benchmark: the clock thread's part for each reading, and a
// worker's for each burst.
#include <benchmark/benchmark.h>

#include <array>
#include <optional>

#include "ptp/clock/served_clock.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/timekeeper.h"

namespace {

using namespace std::chrono_literals;
using pollux::clock::ClockReading;
using pollux::clock::Counter;
using pollux::clock::ServedClock;
using pollux::clock::Snapshot;
using pollux::clock::SnapshotLatch;
using pollux::clock::Timekeeper;

constexpr double kHertz = 2.5e9;
constexpr std::int64_t kInterval = 312'500'000;  // ticks in an eighth of a second

// A timekeeper that is locked on one hardware clock.
class Locked {
 public:
  Locked() {
    for (int i = 0; i < 64; ++i) take();
  }

  void take() {
    reading_.counter = reading_.counter + kInterval;
    reading_.time += 125ms;
    keeper_.add_phc(0, reading_, std::nullopt);
  }
  [[nodiscard]] Snapshot make_snapshot() { return keeper_.publish(reading_.counter + 5'000); }
  [[nodiscard]] Counter now() const { return reading_.counter; }

 private:
  static constexpr std::array kSources{
      pollux::clock::SourceSettings{.filter = {.nominal_hertz = kHertz, .noise_floor = 40}},
      pollux::clock::system_source(kHertz)};

  Timekeeper keeper_{{.nominal_hertz = kHertz, .trust_phc = true}, kSources};
  ClockReading reading_{.counter = {1}, .window_ticks = 2'750, .time = 1'790'000'000s};
};

void take_reading(benchmark::State& state) {
  Locked locked;
  for (auto _ : state) locked.take();
}
BENCHMARK(take_reading);

// With the reading before it, as the clock thread does; pausing the timer would cost more than
// either.
void take_reading_and_make_snapshot(benchmark::State& state) {
  Locked locked;
  for (auto _ : state) {
    locked.take();
    benchmark::DoNotOptimize(locked.make_snapshot());
  }
}
BENCHMARK(take_reading_and_make_snapshot);

void publish_snapshot(benchmark::State& state) {
  Locked locked;
  SnapshotLatch latch;
  const Snapshot snapshot = locked.make_snapshot();
  for (auto _ : state) {
    latch.publish(snapshot);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(publish_snapshot);

void refresh_with_news(benchmark::State& state) {
  Locked locked;
  SnapshotLatch latch;
  const Snapshot snapshot = locked.make_snapshot();
  ServedClock served{latch};
  for (auto _ : state) {
    latch.publish(snapshot);
    served.refresh();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(refresh_with_news);

void refresh_and_read(benchmark::State& state) {
  Locked locked;
  SnapshotLatch latch;
  latch.publish(locked.make_snapshot());
  ServedClock served{latch};
  Counter now = locked.now();
  for (auto _ : state) {
    served.refresh();
    now = now + 100;
    benchmark::DoNotOptimize(served.at(now, now + 50));
  }
}
BENCHMARK(refresh_and_read);

}  // namespace

BENCHMARK_MAIN();
