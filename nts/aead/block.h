// Blocks of AES as values, and little-endian words in them. Pure; any thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/wire/be.h"

namespace pollux::nts {

inline constexpr std::size_t kBlockLength = 16;
using Block = std::array<std::byte, kBlockLength>;

[[nodiscard]] inline Block xored(Block one, const Block& other) noexcept {
  for (std::size_t i = 0; i < kBlockLength; ++i) one[i] ^= other[i];
  return one;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_le(T value) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    return value;
  } else {
    return std::byteswap(value);
  }
}

template <std::unsigned_integral T>
[[nodiscard]] inline T load_le(const std::byte* from) noexcept {
  return swap_le(wire::load<T>(from));
}
template <std::unsigned_integral T>
inline void store_le(std::byte* to, T value) noexcept {
  wire::store(to, swap_le(value));
}

}  // namespace pollux::nts
