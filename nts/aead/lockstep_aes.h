// AES-128 of eight blocks at once under keys of their own, for the engines of lockstep_engine.h.
// Everything is a template over the engine's instructions (Isa), a type of one unit, so that
// nothing of it is ever shared with a unit for another processor. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nts/aead/lockstep_engine.h"

namespace pollux::nts {

template <typename Isa>
struct LockstepAes {
  using Vector = typename Isa::Vector;
  using Block = typename Isa::Block;

  static constexpr std::size_t kBlock = LockstepKey::kBlock;
  static constexpr std::size_t kRounds = LockstepKey::kRounds;
  static constexpr std::size_t kVectors = kLockstepLanes / Isa::kBlocks;

  // A block of each lane.
  struct Lanes {
    Vector of[kVectors];

    [[gnu::always_inline]] friend Lanes operator^(const Lanes& one, const Lanes& other) noexcept {
      Lanes result;
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) result.of[v] = one.of[v] ^ other.of[v];
      return result;
    }
  };

  // Where the octets of each lane are.
  struct Sources {
    const std::byte* of[kLockstepLanes];
  };
  struct Targets {
    std::byte* of[kLockstepLanes];
  };

  // One key for each lane, or the same for all.
  struct LaneSchedule {
    Vector rounds[kRounds][kVectors];

    [[gnu::always_inline]] Vector round(std::size_t round, std::size_t vector) const noexcept {
      return rounds[round][vector];
    }
  };
  struct SharedSchedule {
    const std::byte (&rounds)[kRounds][kBlock];

    [[gnu::always_inline]] Vector round(std::size_t round, std::size_t /*vector*/) const noexcept {
      return Isa::broadcast(Isa::load_block(rounds[round]));
    }
  };

  [[gnu::always_inline]] static Lanes all(Block block) noexcept {
    Lanes result;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) result.of[v] = Isa::broadcast(block);
    return result;
  }

  [[gnu::always_inline]] static Lanes load(const Sources& from, std::size_t at) noexcept {
    Lanes result;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v)
      result.of[v] = Isa::load(from.of + v * Isa::kBlocks, at);
    return result;
  }
  [[gnu::always_inline]] static void store(const Targets& to, std::size_t at,
                                           const Lanes& lanes) noexcept {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v)
      Isa::store(to.of + v * Isa::kBlocks, at, lanes.of[v]);
  }

  // Blocks that lie one after the other.
  using Row = std::byte[kLockstepLanes][kBlock];
  [[gnu::always_inline]] static Lanes load_row(const Row& row) noexcept {
    Lanes result;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) result.of[v] = Isa::load_all(row[v * Isa::kBlocks]);
    return result;
  }
  [[gnu::always_inline]] static void store_row(Row& row, const Lanes& lanes) noexcept {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) Isa::store_all(row[v * Isa::kBlocks], lanes.of[v]);
  }

  // FIPS 197 §5.1. The compiler must not know that the key is the same each time: it would load the
  // whole schedule before a loop, for which there are no registers, and so copy it to the stack.
  template <typename Schedule>
  [[gnu::always_inline]] static void encrypt(const Schedule& schedule, Lanes& blocks) noexcept {
    const Schedule* place = &schedule;
    asm("" : "+r"(place));
    const Schedule& key = *place;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) blocks.of[v] = blocks.of[v] ^ key.round(0, v);
#pragma GCC unroll 9
    for (std::size_t i = 1; i + 1 < kRounds; ++i) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v)
        blocks.of[v] = Isa::round(blocks.of[v], key.round(i, v));
    }
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v)
      blocks.of[v] = Isa::last_round(blocks.of[v], key.round(kRounds - 1, v));
  }

  // FIPS 197 §5.2, without the slow instruction for it: the last round of an encryption of four
  // equal columns is SubWord, as ShiftRows moves nothing then; the shuffle has RotWord done.
  [[gnu::always_inline]] static void expand(const Lanes& key, LaneSchedule& schedule) noexcept {
    const Vector last_column = Isa::broadcast(Isa::words(0x0c0f'0e0d));
    Vector constant = Isa::broadcast(Isa::words(1));
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) schedule.rounds[0][v] = key.of[v];
#pragma GCC unroll 1
    for (std::size_t i = 1; i < kRounds; ++i) {
      if (i == 9) constant = Isa::broadcast(Isa::words(0x1b));
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Vector last = schedule.rounds[i - 1][v];
        const Vector word = Isa::last_round(Isa::shuffle(last, last_column), constant);
        Vector sums = last ^ Isa::template octets_back<4>(last);
        sums = sums ^ Isa::template octets_back<8>(sums);
        schedule.rounds[i][v] = sums ^ word;
      }
      constant = Isa::doubled_words(constant);
    }
  }

  // A schedule of keys that are expanded already, each with one round behind the other.
  static void gather(const Sources& keys, LaneSchedule& schedule) noexcept {
    for (std::size_t i = 0; i < kRounds; ++i) {
      const Lanes round = load(keys, i * kBlock);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) schedule.rounds[i][v] = round.of[v];
    }
  }

  // RFC 5297 §2.3: times x in GF(2^128), without a branch on the value.
  [[gnu::always_inline]] static Lanes doubled(const Lanes& value) noexcept {
    const Vector swap = Isa::broadcast(Isa::swapping());
    const Vector polynomial = Isa::broadcast(Isa::halves(0x87, 0));
    Lanes result;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector number = Isa::shuffle(value.of[v], swap);
      const Vector carries = Isa::top_bits(number);
      const Vector reduction = Isa::negated(Isa::template octets_forward<8>(carries)) & polynomial;
      const Vector twice =
          (Isa::doubled_halves(number) | Isa::template octets_back<8>(carries)) ^ reduction;
      result.of[v] = Isa::shuffle(twice, swap);
    }
    return result;
  }
};

}  // namespace pollux::nts
