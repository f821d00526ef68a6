// Cycles of all that a worker does between the receive and the transmit call, per packet.
//   process_bench [ipv4|ipv6] [ROUNDS]
// Prints one line for each working set: name, buffers, minimum and median cycles a packet.
// Under callgrind, --toggle-collect='*process_burst*' counts the same instructions.
#include <rte_cycles.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

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

// The stages in the worker's order. Not inlined, so that callgrind finds it.
[[gnu::noinline]] std::size_t process_burst(Burst& burst, Responder& responder,
                                            const PortPolicy& policy) {
  const Counter now{rte_rdtsc()};
  burst.turn_usual(responder, policy);
  if (burst.has_left()) return 0;
  responder.stamp(policy, now, Counter{rte_rdtsc()}, {});
  return burst.replies().size();
}

double measure(MbufSet& set, Burst& burst, Responder& responder, const PortPolicy& policy) {
  set.restore();
  const std::uint64_t start = rte_rdtsc_precise();
  for (std::size_t first = 0; first < set.size(); first += kBurst) {
    std::memcpy(burst.buffers(), set.buffers(first), kBurst * sizeof(rte_mbuf*));
    burst.set_received(kBurst);
    if (process_burst(burst, responder, policy) != kBurst) {
      std::fputs("a request was not answered\n", stderr);
      std::exit(1);
    }
  }
  return static_cast<double>(rte_rdtsc_precise() - start) / static_cast<double>(set.size());
}

}  // namespace

int main(int argc, char** argv) {
  const Shape shape = argc > 1 && std::string_view{argv[1]} == "ipv6" ? Shape::kIpv6 : Shape::kIpv4;
  const auto rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2'000'000UL;
  pollux::clock::SnapshotLatch latch;
  latch.publish({.map = {.multiplier = pollux::clock::CounterMap::multiplier_for(2.5e9)},
                 .void_after = Counter{~0ULL >> 1U},
                 .header = pollux::clock::pack({.leap = pollux::clock::LeapIndicator::kNone,
                                                .stratum = 1,
                                                .precision = -25,
                                                .reference_id = 0x50505300})});
  Responder responder{latch, 1};
  const PortPolicy policy{pollux::bench::sample_policy()};
  Burst burst;
  for (const std::size_t buffers : {std::size_t{32}, std::size_t{4096}}) {
    MbufSet set{buffers, shape};
    std::vector<double> cycles;
    for (std::size_t round = 0; round < rounds / buffers + 3; ++round) {
      cycles.push_back(measure(set, burst, responder, policy));
    }
    std::ranges::sort(cycles);
    std::printf("%s %zu %.1f %.1f\n", shape == Shape::kIpv4 ? "ipv4" : "ipv6", buffers,
                cycles.front(), cycles[cycles.size() / 2]);
  }
  return 0;
}
