// Blocks of AES in a register of the processor, for the back end on ipsec-mb. Blocks that go
// through memory in pieces cost more than their encryption: a load waits for every store that it
// covers only in part. Pure; any thread.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "nts/aead/block.h"

namespace pollux::nts {

struct Vector {
  __m128i value;

  friend Vector operator^(Vector one, Vector other) noexcept {
    return {_mm_xor_si128(one.value, other.value)};
  }
  friend Vector operator&(Vector one, Vector other) noexcept {
    return {_mm_and_si128(one.value, other.value)};
  }
  friend Vector operator|(Vector one, Vector other) noexcept {
    return {_mm_or_si128(one.value, other.value)};
  }
};

[[nodiscard]] inline Vector load_block(const std::byte* from) noexcept {
  return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))};
}
inline void store_block(std::byte* to, Vector block) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block.value);
}

[[nodiscard]] inline Vector zero_block() noexcept { return {_mm_setzero_si128()}; }

// From the first and the last 8 octets, in each the first octet lowest; and back.
[[nodiscard]] inline Vector block_of(std::uint64_t low, std::uint64_t high) noexcept {
  return {_mm_set_epi64x(std::bit_cast<std::int64_t>(high), std::bit_cast<std::int64_t>(low))};
}
[[nodiscard]] inline std::uint64_t low_half(Vector block) noexcept {
  return std::bit_cast<std::uint64_t>(_mm_cvtsi128_si64(block.value));
}
[[nodiscard]] inline std::uint64_t high_half(Vector block) noexcept {
  return low_half({_mm_unpackhi_epi64(block.value, block.value)});
}

[[nodiscard]] inline bool are_equal(Vector one, Vector other) noexcept {
  return _mm_movemask_epi8(_mm_cmpeq_epi8(one.value, other.value)) == 0xffff;
}

// RFC 5297 §2.3: times x in GF(2^128), without a branch on the value.
[[nodiscard]] inline Vector doubled(Vector block) noexcept {
  const std::uint64_t high = std::byteswap(low_half(block));
  const std::uint64_t low = std::byteswap(high_half(block));
  const std::uint64_t carry = 0 - (high >> 63U);
  return block_of(std::byteswap(high << 1U | low >> 63U),
                  std::byteswap(low << 1U ^ (carry & 0x87U)));
}

// Moves all octets by `count`, 0 to 15, to the front or to the back; zeros come after them.
__extension__ using Wide = unsigned __int128;
[[nodiscard]] inline Wide wide_of(Vector block) noexcept {
  return Wide{high_half(block)} << 64U | low_half(block);
}
[[nodiscard]] inline Vector block_of(Wide wide) noexcept {
  return block_of(static_cast<std::uint64_t>(wide), static_cast<std::uint64_t>(wide >> 64U));
}
[[nodiscard]] inline Vector moved_forward(Vector block, std::size_t count) noexcept {
  return block_of(wide_of(block) >> (8 * count));
}
[[nodiscard]] inline Vector moved_back(Vector block, std::size_t count) noexcept {
  return block_of(wide_of(block) << (8 * count));
}

// A block of zeros but for the octet that RFC 4493 §2.4 appends, at `at`, 0 to 15.
[[nodiscard]] inline Vector padding(std::size_t at) noexcept {
  return moved_back(block_of(0x80, 0), at);
}

// A shorter text, filled up with zeros.
[[nodiscard]] inline Vector load_part(std::span<const std::byte> text) noexcept {
  if (text.empty()) return zero_block();
  Block block{};
  for (std::size_t i = 0; i < text.size(); ++i) block[i] = text[i];
  return load_block(block.data());
}

// The last `octets` of a text that has a whole block at least, and then zeros.
[[nodiscard]] inline Vector load_end(std::span<const std::byte> text, std::size_t octets) noexcept {
  return moved_forward(load_block(text.data() + text.size() - kBlockLength), kBlockLength - octets);
}

}  // namespace pollux::nts
