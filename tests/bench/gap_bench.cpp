// What a processor is taken away from a program that never sleeps: reads the counter without a
// pause and keeps every gap. Interrupts, other programs and the hypervisor make them; a poll-mode
// worker on the same CPU cannot be better than this.
//   gap_bench SECONDS
// Prints one JSON object: pairs of the least gap of a step in nanoseconds and how often, of gaps
// over 500 ns, and the share of the time that they took.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "dataplane/port/residence.h"

namespace {

using Clock = std::chrono::steady_clock;
using pollux::port::kResidenceSteps;

constexpr std::uint64_t kLeastGap = 500;  // ns; reading the clock takes some 30

std::uint64_t now() { return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()); }

}  // namespace

int main(int argc, char** argv) {
  const std::string_view text{argc == 2 ? argv[1] : ""};
  double seconds = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{} ||
      !(seconds > 0)) {
    std::fputs("usage: gap_bench SECONDS\n", stderr);
    return 1;
  }
  pollux::port::ResidenceCounts gaps{};
  std::uint64_t lost = 0;
  const std::uint64_t begin = now();
  const auto length = static_cast<std::uint64_t>(seconds * 1e9);
  for (std::uint64_t last = begin; last - begin < length;) {
    const std::uint64_t next = now();
    if (const std::uint64_t gap = next - last; gap > kLeastGap) {
      ++gaps[pollux::port::residence_step(gap)];
      lost += gap;
    }
    last = next;
  }
  std::printf("{\"seconds\": %g, \"lost_share\": %.6f, \"gaps_ns\": [", seconds,
              static_cast<double>(lost) / static_cast<double>(length));
  const char* separator = "";
  for (std::size_t i = 0; i < kResidenceSteps; ++i) {
    if (gaps[i] == 0) continue;
    std::printf("%s[%llu, %llu]", separator,
                static_cast<unsigned long long>(pollux::port::residence_floor(i)),
                static_cast<unsigned long long>(gaps[i]));
    separator = ", ";
  }
  std::puts("]}");
  return 0;
}
