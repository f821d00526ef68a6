// Texts of any length as blocks of eight lanes, for the engines of lockstep_engine.h: what stands
// at the ends of texts, chains of blocks that are as long as each lane wants, and counter mode. A
// template as lockstep_aes.h is. Branches and addresses depend on lengths alone. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nts/aead/lockstep_aes.h"

namespace pollux::nts {

template <typename Isa>
struct LockstepText : LockstepAes<Isa> {
  using Base = LockstepAes<Isa>;
  using Base::kBlock;
  using typename Base::Block;
  using typename Base::Lanes;
  using typename Base::Row;
  using typename Base::Sources;
  using typename Base::Targets;

  // Blocks of each lane that one after the other join a state: whole ones where they are, then up
  // to two that were made. What all lanes have in common is told when a lane is set, as a search
  // afterwards would wait for what was just written.
  struct Chain {
    Sources blocks;
    std::size_t whole[kLockstepLanes];
    std::size_t total[kLockstepLanes];
    std::size_t least_whole = ~std::size_t{0};
    std::size_t least_total = ~std::size_t{0};
    std::size_t most_total = 0;
    alignas(32) std::byte tail[kLockstepLanes][2][kBlock];

    [[gnu::always_inline]] void set(std::size_t lane, const std::byte* text,
                                    std::size_t whole_blocks, std::size_t made_blocks) noexcept {
      const std::size_t blocks_in_all = whole_blocks + made_blocks;
      blocks.of[lane] = text;
      whole[lane] = whole_blocks;
      total[lane] = blocks_in_all;
      if (whole_blocks < least_whole) least_whole = whole_blocks;
      if (blocks_in_all < least_total) least_total = blocks_in_all;
      if (blocks_in_all > most_total) most_total = blocks_in_all;
    }
  };

  // Of a size that is a multiple of 32; the compiler has to take what was written for read.
  static void wipe(void* secret, std::size_t size) noexcept {
    auto* const octets = static_cast<std::byte*>(secret);
    constexpr std::size_t kStep = Isa::kBlocks * kBlock;
    for (std::size_t at = 0; at < size; at += kStep)
      Isa::store_all(octets + at, Isa::broadcast(Isa::zero()));
    asm volatile("" : : "r"(secret) : "memory");
  }

  // Idle lanes do again what the first one does.
  static void fill(LockstepLane* lanes, std::size_t count) noexcept {
    for (std::size_t i = count; i < kLockstepLanes; ++i) lanes[i] = lanes[0];
  }

  [[gnu::always_inline]] static Lanes load_tags(const LockstepLane* lanes) noexcept {
    Sources from;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) from.of[i] = lanes[i].tag;
    return Base::load(from, 0);
  }
  [[gnu::always_inline]] static void store_tags(const LockstepLane* lanes,
                                                const Lanes& tags) noexcept {
    Targets to;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) to.of[i] = lanes[i].tag;
    Base::store(to, 0, tags);
  }
  [[gnu::always_inline]] static Lanes load_secrets(const LockstepLane* lanes,
                                                   std::size_t at) noexcept {
    Sources from;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) from.of[i] = lanes[i].secret;
    return Base::load(from, at);
  }

  template <typename Value>
  [[gnu::always_inline]] static Value load_number(const std::byte* from) noexcept {
    Value value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }

  // A text of fewer than 16 octets, filled up with zeros; nothing else is read.
  [[gnu::always_inline]] static Block load_short(const std::byte* text,
                                                 std::size_t length) noexcept {
    if (length > 8)
      return Isa::halves(load_number<std::uint64_t>(text),
                         load_number<std::uint64_t>(text + length - 8) >> (8 * (16 - length)));
    if (length == 8) return Isa::halves(load_number<std::uint64_t>(text), 0);
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < length; ++i)
      low |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[i])) << (8 * i);
    return Isa::halves(low, 0);
  }

  // The last 1 to 15 octets of a text, at the front, and then zeros.
  [[gnu::always_inline]] static Block load_end(const std::byte* text, std::size_t length,
                                               std::size_t octets) noexcept {
    if (length < kBlock) return load_short(text, length);
    return forward(Isa::load_block(text + length - kBlock), kBlock - octets);
  }

  // Moves octets by `count`, 0 to 16, to the front or to the back; zeros come after them.
  [[gnu::always_inline]] static Block forward(Block block, std::size_t count) noexcept {
    return Isa::shuffle_block(block, Isa::load_block(kMoves + kBlock + count));
  }
  [[gnu::always_inline]] static Block back(Block block, std::size_t count) noexcept {
    return Isa::shuffle_block(block, Isa::load_block(kMoves + kBlock - count));
  }

  // A block of zeros but for the octet that RFC 4493 §2.4 appends, at `at`, 0 to 15.
  [[gnu::always_inline]] static Block padding(std::size_t at) noexcept {
    return Isa::load_block(kPadding + kBlock - at);
  }

  // Has `step(state, blocks)` done for each block from `next` on. The state of a lane that is done
  // stays.
  template <typename Step>
  [[gnu::always_inline]] static void run(const Chain& chain, std::size_t next, Lanes& state,
                                         Step step) noexcept {
    for (; next < chain.least_whole; ++next) step(state, Base::load(chain.blocks, next * kBlock));
    for (; next < chain.most_total; ++next) {
      Sources from;
      for (std::size_t i = 0; i < kLockstepLanes; ++i) from.of[i] = block_of(chain, i, next);
      const Lanes before = state;
      step(state, Base::load(from, 0));
      if (next >= chain.least_total) state = kept_where_done(chain, next, before, state);
    }
  }

  // Encrypts the counters as they count, and xors them with the texts of the first `count` lanes;
  // the others are copies of the first one. `to_block` makes blocks of counters, whose first 32
  // bits count.
  template <typename Schedule, typename ToBlock>
  [[gnu::always_inline]] static void count_through(const Schedule& key, Lanes counter,
                                                   const LockstepLane* lanes, std::size_t count,
                                                   ToBlock to_block) noexcept {
    Sources in;
    Targets out;
    std::size_t shortest = lanes[0].length;
    std::size_t longest = lanes[0].length;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      in.of[i] = lanes[i].in;
      out.of[i] = lanes[i].out;
      if (lanes[i].length < shortest) shortest = lanes[i].length;
      if (lanes[i].length > longest) longest = lanes[i].length;
    }
    const std::size_t together = shortest - shortest % kBlock;
    std::size_t at = 0;
    for (; at < together; at += kBlock) {
      const Lanes stream = next_stream(key, counter, to_block);
      Base::store(out, at, Base::load(in, at) ^ stream);
    }
    for (; at < longest; at += kBlock) {
      alignas(32) Row stream;
      Base::store_row(stream, next_stream(key, counter, to_block));
      for (std::size_t i = 0; i < count; ++i) xor_text(lanes[i], at, stream[i]);
    }
  }

 private:
  template <typename Schedule, typename ToBlock>
  [[gnu::always_inline]] static Lanes next_stream(const Schedule& key, Lanes& counter,
                                                  ToBlock to_block) noexcept {
    Lanes blocks;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Base::kVectors; ++v) {
      blocks.of[v] = to_block(counter.of[v]);
      counter.of[v] = Isa::next_count(counter.of[v]);
    }
    Base::encrypt(key, blocks);
    return blocks;
  }

  [[gnu::always_inline]] static const std::byte* block_of(const Chain& chain, std::size_t lane,
                                                          std::size_t index) noexcept {
    const std::size_t whole = chain.whole[lane];
    if (index < whole) return chain.blocks.of[lane] + index * kBlock;
    return chain.tail[lane][index == whole + 1 ? 1 : 0];
  }

  [[gnu::always_inline]] static Lanes kept_where_done(const Chain& chain, std::size_t index,
                                                      const Lanes& before,
                                                      const Lanes& after) noexcept {
    alignas(32) Row marks;
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      std::memset(marks[i], index < chain.total[i] ? 0xff : 0, kBlock);
    const Lanes goes_on = Base::load_row(marks);
    Lanes result;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Base::kVectors; ++v)
      result.of[v] = before.of[v] ^ ((before.of[v] ^ after.of[v]) & goes_on.of[v]);
    return result;
  }

  // At most a block from `at` on, should the text have as much.
  [[gnu::always_inline]] static void xor_text(const LockstepLane& lane, std::size_t at,
                                              const std::byte* stream) noexcept {
    if (at >= lane.length) return;
    const std::size_t left = lane.length - at;
    if (left >= kBlock) {
      Isa::store_block(lane.out + at, Isa::load_block(lane.in + at) ^ Isa::load_block(stream));
      return;
    }
    std::size_t done = 0;
    if ((left & 8U) != 0) done = xor_number<std::uint64_t>(lane, at, stream, done);
    if ((left & 4U) != 0) done = xor_number<std::uint32_t>(lane, at, stream, done);
    while (done < left) done = xor_number<std::uint8_t>(lane, at, stream, done);
  }

  template <typename Value>
  [[gnu::always_inline]] static std::size_t xor_number(const LockstepLane& lane, std::size_t at,
                                                       const std::byte* stream,
                                                       std::size_t done) noexcept {
    const auto value = static_cast<Value>(load_number<Value>(lane.in + at + done) ^
                                          load_number<Value>(stream + done));
    std::memcpy(lane.out + at + done, &value, sizeof value);
    return done + sizeof value;
  }

  // Patterns of a shuffle: an octet from 0x80 on gives zero.
  static constexpr std::size_t kNone = 0x80;
  struct Patterns {
    std::byte octets[3 * kBlock];
  };
  static constexpr Patterns kMovePatterns = [] {
    Patterns patterns{};
    for (std::size_t i = 0; i < 3 * kBlock; ++i)
      patterns.octets[i] = std::byte(i / kBlock == 1 ? i - kBlock : kNone);
    return patterns;
  }();
  static constexpr Patterns kPaddingPattern = [] {
    Patterns patterns{};
    patterns.octets[kBlock] = std::byte{0x80};
    return patterns;
  }();
  static constexpr const std::byte* kMoves = kMovePatterns.octets;
  static constexpr const std::byte* kPadding = kPaddingPattern.octets;
};

}  // namespace pollux::nts
