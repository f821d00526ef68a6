// A block in a register of the processor, with what every x86-64 has; the base of an engine's
// instructions (Isa). A template over them as in lockstep_aes.h. Pure; any thread.
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>

namespace pollux::nts {

template <typename Isa>
struct LockstepBlock {
  using Block = __m128i;

  [[gnu::always_inline]] static Block load_block(const std::byte* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const Block*>(from));
  }
  [[gnu::always_inline]] static void store_block(std::byte* to, Block block) noexcept {
    _mm_storeu_si128(reinterpret_cast<Block*>(to), block);
  }

  [[gnu::always_inline]] static Block zero() noexcept { return _mm_setzero_si128(); }
  [[gnu::always_inline]] static bool is_zero(Block block) noexcept {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(block, zero())) == 0xffff;
  }

  // Of numbers whose lowest octet comes first.
  [[gnu::always_inline]] static Block halves(std::uint64_t low, std::uint64_t high) noexcept {
    return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
  }
  [[gnu::always_inline]] static Block words(std::uint32_t each) noexcept {
    return _mm_set1_epi32(static_cast<int>(each));
  }

  // The shuffle that turns a block's octets round.
  [[gnu::always_inline]] static Block swapping() noexcept {
    return halves(0x0809'0a0b'0c0d'0e0f, 0x0001'0203'0405'0607);
  }
};

}  // namespace pollux::nts
