// Blocks of AES as values, little-endian words in them, and octets as C libraries take them. Pure;
// any thread.
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

inline constexpr std::size_t kAes128KeyLength = 16;
using Aes128Key = std::span<const std::byte, kAes128KeyLength>;

// As C libraries take octets.
[[nodiscard]] inline const unsigned char* octets(const std::byte* from) noexcept {
  return reinterpret_cast<const unsigned char*>(from);
}
[[nodiscard]] inline unsigned char* octets(std::byte* from) noexcept {
  return reinterpret_cast<unsigned char*>(from);
}

[[nodiscard]] inline Block xored(Block one, const Block& other) noexcept {
  for (std::size_t i = 0; i < kBlockLength; ++i) one[i] ^= other[i];
  return one;
}

// RFC 5297 §2.3: times x in GF(2^128), without a branch on the value.
[[nodiscard]] inline Block doubled(const Block& value) noexcept {
  const std::uint64_t high = wire::load_be64(value.data());
  const std::uint64_t low = wire::load_be64(value.data() + 8);
  const std::uint64_t carry = 0 - (high >> 63U);
  Block result;
  wire::store_be64(result.data(), high << 1U | low >> 63U);
  wire::store_be64(result.data() + 8, low << 1U ^ (carry & 0x87U));
  return result;
}

// Takes the same time wherever they differ.
[[nodiscard]] inline bool are_equal(std::span<const std::byte> one,
                                    std::span<const std::byte> other) noexcept {
  std::byte difference{0};
  for (std::size_t i = 0; i < one.size(); ++i) difference |= one[i] ^ other[i];
  return difference == std::byte{0};
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
