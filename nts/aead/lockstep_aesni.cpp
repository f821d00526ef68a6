// The engine for processors with AES-NI, PCLMULQDQ and AVX, which only this unit is compiled
// for: a block in each register.
#include <immintrin.h>

#include "nts/aead/lockstep_block.h"
#include "nts/aead/lockstep_gcm_siv.h"
#include "nts/aead/lockstep_siv.h"

namespace pollux::nts {

namespace {

struct Isa : LockstepBlock<Isa> {
  using Vector = Block;

  static constexpr std::size_t kBlocks = 1;
  static constexpr bool kHasRoomForTwo = false;

  [[gnu::always_inline]] static Vector load(const std::byte* const* from, std::size_t at) noexcept {
    return load_block(*from + at);
  }
  [[gnu::always_inline]] static void store(std::byte* const* to, std::size_t at,
                                           Vector vector) noexcept {
    store_block(*to + at, vector);
  }
  [[gnu::always_inline]] static Vector load_all(const std::byte* from) noexcept {
    return load_block(from);
  }
  [[gnu::always_inline]] static void store_all(std::byte* to, Vector vector) noexcept {
    store_block(to, vector);
  }
  [[gnu::always_inline]] static Vector broadcast(Block block) noexcept { return block; }
  [[gnu::always_inline]] static Block first(Vector vector) noexcept { return vector; }

  [[gnu::always_inline]] static Block shuffle_block(Block block, Block pattern) noexcept {
    return _mm_shuffle_epi8(block, pattern);
  }
  [[gnu::always_inline]] static Vector shuffle(Vector vector, Vector pattern) noexcept {
    return _mm_shuffle_epi8(vector, pattern);
  }

  [[gnu::always_inline]] static Vector round(Vector state, Vector key) noexcept {
    return _mm_aesenc_si128(state, key);
  }
  [[gnu::always_inline]] static Vector last_round(Vector state, Vector key) noexcept {
    return _mm_aesenclast_si128(state, key);
  }

  // In each block: octets towards the end or the front, zeros in their place.
  template <int kCount>
  [[gnu::always_inline]] static Vector octets_back(Vector vector) noexcept {
    return _mm_slli_si128(vector, kCount);
  }
  template <int kCount>
  [[gnu::always_inline]] static Vector octets_forward(Vector vector) noexcept {
    return _mm_srli_si128(vector, kCount);
  }

  // Of the numbers of 32 or 64 bits in it.
  [[gnu::always_inline]] static Vector doubled_words(Vector vector) noexcept {
    return _mm_slli_epi32(vector, 1);
  }
  [[gnu::always_inline]] static Vector doubled_halves(Vector vector) noexcept {
    return _mm_slli_epi64(vector, 1);
  }
  [[gnu::always_inline]] static Vector top_bits(Vector vector) noexcept {
    return _mm_srli_epi64(vector, 63);
  }
  [[gnu::always_inline]] static Vector negated(Vector vector) noexcept {
    return _mm_sub_epi64(_mm_setzero_si128(), vector);
  }

  // The first 32 bits of each block count.
  [[gnu::always_inline]] static Vector next_count(Vector vector) noexcept {
    return _mm_add_epi32(vector, broadcast(halves(1, 0)));
  }

  [[gnu::always_inline]] static Vector low_halves(Vector one, Vector other) noexcept {
    return _mm_unpacklo_epi64(one, other);
  }
  [[gnu::always_inline]] static Vector swapped_halves(Vector vector) noexcept {
    return _mm_shuffle_epi32(vector, 0x4e);
  }

  // Without carries, of the halves that kHalves names as the instruction does.
  template <int kHalves>
  [[gnu::always_inline]] static Vector product(Vector one, Vector other) noexcept {
    return _mm_clmulepi64_si128(one, other, kHalves);
  }
};

}  // namespace

const LockstepEngine kLockstepAesNi{
    .expand = LockstepSiv<Isa>::expand,
    .open_cookies = LockstepSiv<Isa>::open_cookies,
    .seal_cookies = LockstepSiv<Isa>::seal_cookies,
    .open_siv = LockstepSiv<Isa>::open,
    .seal_siv = LockstepSiv<Isa>::seal,
    .open_gcm_siv = LockstepGcmSiv<Isa>::open,
    .seal_gcm_siv = LockstepGcmSiv<Isa>::seal,
};

}  // namespace pollux::nts
