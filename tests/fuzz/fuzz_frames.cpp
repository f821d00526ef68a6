// fuzz_frames COUNT SEED: runs frame_to_reply on frames made from valid ones until COUNT frames
// have been seen. Prints the input and what is wrong with it, and ends with 1, as soon as an
// invariant breaks.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fuzz/frame_to_reply.h"
#include "tests/fuzz/mutator.h"

namespace {

using pollux::test::frames_answered;
using pollux::test::frames_seen;

int run(std::uint64_t count, std::uint64_t seed) {
  const auto start = std::chrono::steady_clock::now();
  pollux::test::Mutator mutator{seed};
  while (frames_seen() < count) {
    const auto input = mutator.next_input();
    const std::string faults = pollux::test::faults_of_input(input);
    if (faults.empty()) continue;
    std::printf("frame %llu of seed %llu: %s\n%s\n", static_cast<unsigned long long>(frames_seen()),
                static_cast<unsigned long long>(seed), faults.c_str(),
                pollux::test::to_hex(input).c_str());
    return 1;
  }
  const std::chrono::duration<double> length = std::chrono::steady_clock::now() - start;
  std::printf("%llu frames, %llu answered, %.1f s\n",
              static_cast<unsigned long long>(frames_seen()),
              static_cast<unsigned long long>(frames_answered()), length.count());
  // A driver whose frames are all refused tests nothing.
  return frames_answered() * 10 > frames_seen() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: fuzz_frames COUNT SEED\n", stderr);
    return 2;
  }
  return run(std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10));
}
