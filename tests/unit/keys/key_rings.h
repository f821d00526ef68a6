// Key rings that tests can tell apart, and the file that they are in.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "control/keys/key_access.h"
#include "control/keys/key_store.h"
#include "nts/core/key_ring.h"

namespace pollux::control {

inline nts::KeyRing::KeyEntropy entropy_of(unsigned seed) {
  nts::KeyRing::KeyEntropy entropy;
  for (std::size_t i = 0; i < entropy.key.size(); ++i)
    entropy.key[i] = static_cast<std::byte>(seed * 31 + i);
  entropy.id = seed * 0x01010100U;
  return entropy;
}

// The ring after so many rotations of a first one.
inline nts::KeyRing ring_of(unsigned rotations = 0) {
  std::array<nts::KeyRing::KeyEntropy, nts::kRingKeys> entropy;
  for (unsigned i = 0; i < entropy.size(); ++i) entropy[i] = entropy_of(i);
  nts::KeyRing ring = nts::KeyRing::from_entropy(entropy);
  for (unsigned i = 0; i < rotations; ++i) ring = ring.rotated(entropy_of(i + 4));
  return ring;
}

inline std::string key_text(const nts::KeyRing& ring, double age_seconds = 0) {
  std::array<char, nts::kLargestKeyFile> text{};
  return {text.data(), nts::write_key_file(ring, age_seconds, text)};
}

inline KeyAccess own_access() { return {.owners = {0, geteuid()}, .group = std::nullopt}; }

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace pollux::control
