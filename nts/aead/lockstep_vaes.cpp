// The engine for processors with VAES, VPCLMULQDQ and AVX2, which only this unit is compiled
// for: two blocks in each register.
#include <immintrin.h>

#include "nts/aead/lockstep_block.h"
#include "nts/aead/lockstep_gcm_siv.h"
#include "nts/aead/lockstep_siv.h"

namespace pollux::nts {

namespace {

struct Isa : LockstepBlock<Isa> {
  using Vector = __m256i;

  static constexpr std::size_t kBlocks = 2;
  static constexpr bool kHasRoomForTwo = true;

  [[gnu::always_inline]] static Vector load(const std::byte* const* from, std::size_t at) noexcept {
    return pair(load_block(from[0] + at), load_block(from[1] + at));
  }
  [[gnu::always_inline]] static void store(std::byte* const* to, std::size_t at,
                                           Vector vector) noexcept {
    store_block(to[0] + at, first(vector));
    store_block(to[1] + at, _mm256_extracti128_si256(vector, 1));
  }
  [[gnu::always_inline]] static Vector load_all(const std::byte* from) noexcept {
    return pair(load_block(from), load_block(from + sizeof(Block)));
  }
  [[gnu::always_inline]] static void store_all(std::byte* to, Vector vector) noexcept {
    _mm256_storeu_si256(reinterpret_cast<Vector*>(to), vector);
  }
  [[gnu::always_inline]] static Vector broadcast(Block block) noexcept {
    return _mm256_broadcastsi128_si256(block);
  }
  [[gnu::always_inline]] static Block first(Vector vector) noexcept {
    return _mm256_castsi256_si128(vector);
  }
  [[gnu::always_inline]] static Vector pair(Block low, Block high) noexcept {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }

  [[gnu::always_inline]] static Block shuffle_block(Block block, Block pattern) noexcept {
    return _mm_shuffle_epi8(block, pattern);
  }
  [[gnu::always_inline]] static Vector shuffle(Vector vector, Vector pattern) noexcept {
    return _mm256_shuffle_epi8(vector, pattern);
  }

  [[gnu::always_inline]] static Vector round(Vector state, Vector key) noexcept {
    return _mm256_aesenc_epi128(state, key);
  }
  [[gnu::always_inline]] static Vector last_round(Vector state, Vector key) noexcept {
    return _mm256_aesenclast_epi128(state, key);
  }

  // In each block: octets towards the end or the front, zeros in their place.
  template <int kCount>
  [[gnu::always_inline]] static Vector octets_back(Vector vector) noexcept {
    return _mm256_slli_si256(vector, kCount);
  }
  template <int kCount>
  [[gnu::always_inline]] static Vector octets_forward(Vector vector) noexcept {
    return _mm256_srli_si256(vector, kCount);
  }

  // Of the numbers of 32 or 64 bits in it.
  [[gnu::always_inline]] static Vector doubled_words(Vector vector) noexcept {
    return _mm256_slli_epi32(vector, 1);
  }
  [[gnu::always_inline]] static Vector doubled_halves(Vector vector) noexcept {
    return _mm256_slli_epi64(vector, 1);
  }
  [[gnu::always_inline]] static Vector top_bits(Vector vector) noexcept {
    return _mm256_srli_epi64(vector, 63);
  }
  [[gnu::always_inline]] static Vector negated(Vector vector) noexcept {
    return _mm256_sub_epi64(_mm256_setzero_si256(), vector);
  }

  // The first 32 bits of each block count.
  [[gnu::always_inline]] static Vector next_count(Vector vector) noexcept {
    return _mm256_add_epi32(vector, broadcast(halves(1, 0)));
  }

  [[gnu::always_inline]] static Vector low_halves(Vector one, Vector other) noexcept {
    return _mm256_unpacklo_epi64(one, other);
  }
  [[gnu::always_inline]] static Vector swapped_halves(Vector vector) noexcept {
    return _mm256_shuffle_epi32(vector, 0x4e);
  }

  // Without carries, of the halves that kHalves names as the instruction does.
  template <int kHalves>
  [[gnu::always_inline]] static Vector product(Vector one, Vector other) noexcept {
    return _mm256_clmulepi64_epi128(one, other, kHalves);
  }
};

}  // namespace

const LockstepEngine kLockstepVaes{
    .expand = LockstepSiv<Isa>::expand,
    .open_cookies = LockstepSiv<Isa>::open_cookies,
    .seal_cookies = LockstepSiv<Isa>::seal_cookies,
    .open_siv = LockstepSiv<Isa>::open,
    .seal_siv = LockstepSiv<Isa>::seal,
    .open_gcm_siv = LockstepGcmSiv<Isa>::open,
    .seal_gcm_siv = LockstepGcmSiv<Isa>::seal,
};

}  // namespace pollux::nts
