// Time of each stage for a burst of 32, by Google Benchmark. items_per_second counts packets.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "dataplane/port/burst.h"
#include "dataplane/responder/responder.h"
#include "tests/bench/mbuf_set.h"

namespace {

using pollux::bench::MbufSet;
using pollux::bench::Shape;
using pollux::clock::Counter;
using pollux::port::Burst;
using pollux::responder::Packet;
using pollux::responder::PortPolicy;
using pollux::responder::Responder;

constexpr std::size_t kBurst = pollux::responder::kMaximumBurst;

// A burst of usual requests that has just been received.
struct Fixture {
  explicit Fixture(Shape shape) : set{kBurst, shape} {
    latch.publish(
        {.map = {.multiplier = pollux::clock::CounterMap::multiplier_for(2.5e9)},
         .void_after = Counter{~0ULL >> 1U},
         .header = pollux::clock::pack(
             {.leap = pollux::clock::LeapIndicator::kNone, .stratum = 1, .precision = -25})});
    std::memcpy(burst.buffers(), set.buffers(0), kBurst * sizeof(rte_mbuf*));
    burst.set_received(kBurst);
  }

  // The requests as the long way has them.
  [[nodiscard]] std::vector<Packet> packets() {
    std::vector<Packet> result(kBurst);
    for (std::size_t i = 0; i < kBurst; ++i) {
      const rte_mbuf& buffer = *set.buffers(i)[0];
      result[i].frame = rte_pktmbuf_mtod(&buffer, std::byte*);
      result[i].length = result[i].room = buffer.data_len;
    }
    return result;
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

// Only puts the requests back, which turn_usual needs each time.
void restore(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  for (auto _ : state) {
    fixture.set.restore();
    benchmark::ClobberMemory();
  }
  finish(state);
}

void restore_and_turn_usual(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  for (auto _ : state) {
    fixture.set.restore();
    fixture.burst.turn_usual(fixture.responder, fixture.policy);
    if (fixture.burst.has_left()) {
      state.SkipWithError("a request was not turned");
      break;
    }
    benchmark::ClobberMemory();
  }
  finish(state);
}

void stamp(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  fixture.burst.turn_usual(fixture.responder, fixture.policy);
  for (auto _ : state) {
    fixture.responder.stamp(fixture.policy, {1'000}, {5'000}, {});
    benchmark::ClobberMemory();
  }
  finish(state);
}

// The first stage of the long way.
void classify(benchmark::State& state, Shape shape) {
  Fixture fixture{shape};
  auto packets = fixture.packets();
  for (auto _ : state) {
    Responder::classify(packets, fixture.policy);
    benchmark::ClobberMemory();
  }
  if (packets[0].verdict != pollux::responder::Verdict::reply_plain)
    state.SkipWithError("a request was refused");
  finish(state);
}

#define STAGE(name)                            \
  BENCHMARK_CAPTURE(name, ipv4, Shape::kIpv4); \
  BENCHMARK_CAPTURE(name, ipv6, Shape::kIpv6)

STAGE(restore);
STAGE(restore_and_turn_usual);
STAGE(stamp);
STAGE(classify);

}  // namespace

BENCHMARK_MAIN();
