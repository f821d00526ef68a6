// Key rings at random, for tests only.
#pragma once

#include <algorithm>
#include <array>

#include "nts/core/key_ring.h"
#include "tests/support/octets.h"

namespace pollux::test {

[[nodiscard]] inline nts::KeyRing::KeyEntropy any_entropy(Random& random) {
  nts::KeyRing::KeyEntropy entropy;
  for (auto& octet : entropy.key) octet = static_cast<std::byte>(random.next() >> 56U);
  entropy.id = static_cast<std::uint32_t>(random.next() >> 32U);
  return entropy;
}

// After 0 to 4 rotations.
[[nodiscard]] inline nts::KeyRing any_ring(Random& random) {
  std::array<nts::KeyRing::KeyEntropy, nts::kRingKeys> entropy;
  for (auto& one : entropy) one = any_entropy(random);
  auto ring = nts::KeyRing::from_entropy(entropy);
  for (std::size_t left = random.below(5); left > 0; --left)
    ring = ring.rotated(any_entropy(random));
  return ring;
}

}  // namespace pollux::test
