// AES-CMAC (RFC 4493) of eight messages in lock-step, for the engines of lockstep_engine.h. A
// template as lockstep_aes.h is. Pure; any thread.
#pragma once

#include "nts/aead/lockstep_text.h"

namespace pollux::nts {

template <typename Isa>
struct LockstepCmac : LockstepText<Isa> {
  using Text = LockstepText<Isa>;
  using Text::kBlock;
  using typename Text::Block;
  using typename Text::Chain;
  using typename Text::Lanes;
  using typename Text::Row;

  // RFC 4493 §2.3, for each lane.
  struct SubKeys {
    alignas(32) Row full;     // K1 joins a last block that is full
    alignas(32) Row partial;  // K2 one that is filled up
  };

  template <typename Schedule>
  static void derive(const Schedule& key, SubKeys& keys) noexcept {
    Lanes zero = Text::all(Isa::zero());
    Text::encrypt(key, zero);
    const Lanes full = Text::doubled(zero);
    Text::store_row(keys.full, full);
    Text::store_row(keys.partial, Text::doubled(full));
  }

  // RFC 4493 §2.4: a block joins the state, which is encrypted.
  template <typename Schedule>
  struct Step {
    const Schedule& key;

    [[gnu::always_inline]] void operator()(Lanes& state, const Lanes& block) const noexcept {
      state = state ^ block;
      Text::encrypt(key, state);
    }
  };

  // From block `next` on, which the state has not met yet.
  template <typename Schedule>
  [[gnu::noinline]] static void run(const Schedule& key, const Chain& chain, std::size_t next,
                                    Lanes& state) noexcept {
    Lanes now = state;
    Text::run(chain, next, now, Step<Schedule>{key});
    state = now;
  }

  // As many whole blocks as all lanes of both chains have, from the first one on: two chains hide
  // each other's waiting, where the registers have room for both. Gives their number.
  template <typename Schedule>
  [[gnu::noinline]] static std::size_t run_both(const Schedule& key, const Chain& one,
                                                Lanes& one_state, const Chain& other,
                                                Lanes& other_state) noexcept {
    if constexpr (!Isa::kHasRoomForTwo) return 0;
    const std::size_t end =
        one.least_whole < other.least_whole ? one.least_whole : other.least_whole;
    const Step<Schedule> step{key};
    Lanes one_now = one_state;
    Lanes other_now = other_state;
    for (std::size_t next = 0; next < end; ++next) {
      step(one_now, Text::load(one.blocks, next * kBlock));
      step(other_now, Text::load(other.blocks, next * kBlock));
    }
    one_state = one_now;
    other_state = other_now;
    return end;
  }

  // As many whole blocks as all lanes have. Gives their number.
  template <typename Schedule>
  [[gnu::noinline]] static std::size_t run_whole(const Schedule& key, const Chain& chain,
                                                 Lanes& state) noexcept {
    const Step<Schedule> step{key};
    Lanes now = state;
    for (std::size_t next = 0; next < chain.least_whole; ++next)
      step(now, Text::load(chain.blocks, next * kBlock));
    state = now;
    return chain.least_whole;
  }

  // The last block of a message, with its subkey.
  [[gnu::always_inline]] static Block last_block(const std::byte* text, std::size_t length,
                                                 const SubKeys& keys, std::size_t lane) noexcept {
    const std::size_t octets = length % kBlock;
    if (octets == 0 && length != 0)
      return Isa::load_block(text + length - kBlock) ^ Isa::load_block(keys.full[lane]);
    const Block filled = octets == 0 ? Isa::zero() : Text::load_end(text, length, octets);
    return filled ^ Text::padding(octets) ^ Isa::load_block(keys.partial[lane]);
  }

  [[gnu::always_inline]] static void set_message(Chain& chain, const SubKeys& keys,
                                                 std::size_t lane, const std::byte* text,
                                                 std::size_t length) noexcept {
    chain.set(lane, text, length == 0 ? 0 : (length - 1) / kBlock, 1);
    Isa::store_block(chain.tail[lane][0], last_block(text, length, keys, lane));
  }

  // The end of S2V (RFC 5297 §2.4): a text with a sum xored onto its end, or, where it is shorter
  // than a block, filled up and with twice the sum. At first all but what the sum is in.
  [[gnu::always_inline]] static void set_text(Chain& chain, std::size_t lane, const std::byte* text,
                                              std::size_t length) noexcept {
    chain.set(lane, text, length < kBlock ? 0 : length / kBlock - 1,
              length < kBlock || length % kBlock == 0 ? 1 : 2);
  }
  [[gnu::always_inline]] static void set_sum(Chain& chain, const SubKeys& keys, std::size_t lane,
                                             std::size_t length, const std::byte* sum,
                                             const std::byte* doubled_sum) noexcept {
    const std::byte* const text = chain.blocks.of[lane];
    const std::size_t octets = length % kBlock;
    std::byte(&tail)[2][kBlock] = chain.tail[lane];
    if (length < kBlock) {
      const Block filled = Text::load_short(text, length) ^ Text::padding(length);
      Isa::store_block(tail[0],
                       filled ^ Isa::load_block(doubled_sum) ^ Isa::load_block(keys.full[lane]));
    } else if (octets == 0) {
      Isa::store_block(tail[0], last_block(text, length, keys, lane) ^ Isa::load_block(sum));
    } else {
      const Block all = Isa::load_block(sum);
      const Block before = Isa::load_block(text + length - octets - kBlock);
      Isa::store_block(tail[0], before ^ Text::back(all, octets));
      Isa::store_block(tail[1],
                       last_block(text, length, keys, lane) ^ Text::forward(all, kBlock - octets));
    }
  }
};

}  // namespace pollux::nts
