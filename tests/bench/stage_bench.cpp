// Time of each stage for a burst of 32, by Google Benchmark. items_per_second counts packets.
#include <benchmark/benchmark.h>

#include <cstring>

#include "dataplane/port/burst.h"
#include "dataplane/responder/responder.h"
#include "tests/bench/mbuf_set.h"

namespace {

using pollux::bench::MbufSet;
using pollux::bench::Shape;
using pollux::clock::Counter;
using pollux::port::Burst;
using pollux::responder::PortPolicy;
using pollux::responder::Responder;

constexpr std::size_t kBurst = pollux::responder::kMaximumBurst;

// A burst brought to the point where the stage under test begins.
struct Fixture {
  explicit Fixture(Shape shape) : set{kBurst, shape} {
    latch.publish(
        {.map = {.multiplier = pollux::clock::CounterMap::multiplier_for(2.5e9)},
         .void_after = Counter{~0ULL >> 1U},
         .header = pollux::clock::pack(
             {.leap = pollux::clock::LeapIndicator::kNone, .stratum = 1, .precision = -25})});
    std::memcpy(burst.buffers(), set.buffers(0), kBurst * sizeof(rte_mbuf*));
    burst.set_received(kBurst);
    burst.describe();
  }

  MbufSet set;
  pollux::clock::SnapshotLatch latch;
  Responder responder{latch, 1};
  PortPolicy policy{pollux::bench::sample_policy()};
  Burst burst;
};

void finish(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(kBurst));
}

void describe(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  for (auto _ : state) {
    fixture.burst.describe();
    benchmark::ClobberMemory();
  }
  finish(state);
}

void classify(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  for (auto _ : state) {
    if (!Responder::classify(fixture.burst.packets(), fixture.policy)) {
      state.SkipWithError("a request was refused");
      break;
    }
    benchmark::ClobberMemory();
  }
  finish(state);
}

void limit(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  const bool all_usual = Responder::classify(fixture.burst.packets(), fixture.policy);
  for (auto _ : state) {
    fixture.responder.limit(fixture.burst.packets(), all_usual, {}, {});
    benchmark::ClobberMemory();
  }
  finish(state);
}

// Turning a reply round again costs the same, so the burst need not be restored.
void prepare(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  benchmark::DoNotOptimize(Responder::classify(fixture.burst.packets(), fixture.policy));
  for (auto _ : state) {
    Responder::prepare(fixture.burst.packets(), fixture.policy);
    benchmark::ClobberMemory();
  }
  finish(state);
}

void sort(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  benchmark::DoNotOptimize(Responder::classify(fixture.burst.packets(), fixture.policy));
  for (auto _ : state) {
    fixture.burst.sort(fixture.policy, false);
    benchmark::ClobberMemory();
  }
  finish(state);
}

void stamp(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  benchmark::DoNotOptimize(Responder::classify(fixture.burst.packets(), fixture.policy));
  Responder::prepare(fixture.burst.packets(), fixture.policy);
  for (auto _ : state) {
    fixture.responder.stamp(fixture.burst.packets(), fixture.policy, {1'000}, {5'000});
    benchmark::ClobberMemory();
  }
  finish(state);
}

#define STAGE(name)                            \
  BENCHMARK_CAPTURE(name, ipv4, Shape::kIpv4); \
  BENCHMARK_CAPTURE(name, ipv6, Shape::kIpv6)

STAGE(describe);
STAGE(classify);
STAGE(limit);
STAGE(prepare);
STAGE(sort);
STAGE(stamp);

}  // namespace

BENCHMARK_MAIN();
