// Overwrites secrets in memory that is not used any more. Any thread; the memory is the caller's.
#pragma once

#include <cstddef>
#include <span>

namespace pollux::nts {

// Volatile, so that the writes stay although nothing reads the memory again.
inline void wipe(std::span<std::byte> secret) noexcept {
  for (volatile std::byte& octet : secret) octet = std::byte{0};
}

}  // namespace pollux::nts
