// Makes inputs for frame_to_reply out of valid frames: a few changes that know the structure of a
// packet, and then, most times, checksums that fit again, so that the change is seen by more than
// the checksum.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/fuzz/seeds.h"
#include "tests/support/octets.h"

namespace pollux::test {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_{seed}, seeds_{seeds()} {}

  [[nodiscard]] Octets next_input();

 private:
  [[nodiscard]] Octets next_frame();
  [[nodiscard]] Octets control();
  void mutate(Octets& frame);
  void edit_field(Octets& frame);
  void splice(Octets& frame);
  [[nodiscard]] const Octets& any_seed() { return seeds_[random_.below(seeds_.size())].frame; }

  Random random_;
  std::vector<Seed> seeds_;
};

// Makes the IPv4, UDP and ICMP checksums of a frame right as far as its headers can be followed.
void fix_checksums(Octets& frame);

}  // namespace pollux::test
