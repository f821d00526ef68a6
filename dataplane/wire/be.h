// Integers in packets: unaligned loads and stores, in network order or as they lie in memory.
// Explicit calls only: nothing converts by itself. The caller has checked that the octets are
// there.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pollux::wire {

template <std::unsigned_integral T>
[[nodiscard]] inline T load(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <std::unsigned_integral T>
inline void store(std::byte* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

// Between host and network order; its own inverse.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_be(T value) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else {
    return std::byteswap(value);
  }
}

// An integer that, stored as it lies in memory, has the octets of `value`, which is in memory
// order, from `index` on and zeros elsewhere.
template <std::unsigned_integral T, std::unsigned_integral U>
[[nodiscard]] constexpr T placed_at(U value, std::size_t index) noexcept {
  const std::size_t place =
      std::endian::native == std::endian::big ? sizeof(T) - sizeof(U) - index : index;
  return static_cast<T>(static_cast<T>(value) << 8U * place);
}

// The octet that lies at `index` of a value in memory.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::uint8_t octet_of(T value, std::size_t index) noexcept {
  const std::size_t place = std::endian::native == std::endian::big ? sizeof(T) - 1 - index : index;
  return static_cast<std::uint8_t>(value >> 8U * place);
}

// Bit `number` modulo 64 of a set.
[[nodiscard]] constexpr bool has_bit(std::uint64_t set, std::uint64_t number) noexcept {
  return (set >> (number & 63U) & 1U) != 0;
}

[[nodiscard]] inline std::uint8_t load_u8(const std::byte* from) noexcept {
  return std::to_integer<std::uint8_t>(*from);
}
[[nodiscard]] inline std::uint16_t load_be16(const std::byte* from) noexcept {
  return swap_be(load<std::uint16_t>(from));
}
[[nodiscard]] inline std::uint32_t load_be32(const std::byte* from) noexcept {
  return swap_be(load<std::uint32_t>(from));
}
[[nodiscard]] inline std::uint64_t load_be64(const std::byte* from) noexcept {
  return swap_be(load<std::uint64_t>(from));
}

inline void store_u8(std::byte* to, std::uint8_t value) noexcept { *to = std::byte{value}; }
inline void store_be16(std::byte* to, std::uint16_t value) noexcept { store(to, swap_be(value)); }
inline void store_be32(std::byte* to, std::uint32_t value) noexcept { store(to, swap_be(value)); }
inline void store_be64(std::byte* to, std::uint64_t value) noexcept { store(to, swap_be(value)); }

}  // namespace pollux::wire
