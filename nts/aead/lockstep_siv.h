// AES-SIV-CMAC-256 (RFC 5297) of eight messages in lock-step, for the engines of lockstep_engine.h.
// A template as lockstep_aes.h is. Pure; any thread.
#pragma once

#include <strings.h>

#include "nts/aead/lockstep_text.h"

namespace pollux::nts {

template <typename Isa>
class LockstepSiv : LockstepText<Isa> {
  using Text = LockstepText<Isa>;
  using Text::kBlock;
  using typename Text::Block;
  using typename Text::Chain;
  using typename Text::Lanes;
  using typename Text::LaneSchedule;
  using typename Text::Row;
  using typename Text::SharedSchedule;
  using typename Text::Sources;
  using typename Text::Vector;

 public:
  static void expand(const std::byte* secret, LockstepKey& key) noexcept {
    LockstepLane lanes[kLockstepLanes];
    for (LockstepLane& lane : lanes) lane = {.secret = secret};
    ClientWork work;
    expand_macs(lanes, work);
    expand_counters(lanes, work);
    const Lanes sum = sum_of_data(lanes, work);
    for (std::size_t i = 0; i < LockstepKey::kRounds; ++i) {
      Isa::store_block(key.mac[i], Isa::first(work.mac.rounds[i][0]));
      Isa::store_block(key.counter[i], Isa::first(work.counter.rounds[i][0]));
    }
    std::memcpy(key.full, work.keys.full[0], kBlock);
    std::memcpy(key.partial, work.keys.partial[0], kBlock);
    Isa::store_block(key.sum, Isa::first(sum.of[0]));
    explicit_bzero(&work, sizeof work);
  }

  static void open(LockstepLane* lanes, std::size_t count) noexcept {
    work_with_clients<Opener>(lanes, count);
  }
  static void seal(LockstepLane* lanes, std::size_t count) noexcept {
    work_with_clients<Sealer>(lanes, count);
  }
  static void open_cookies(LockstepLane* lanes, std::size_t count) noexcept {
    work_with_cookies<Opener>(lanes, count);
  }
  static void seal_cookies(LockstepLane* lanes, std::size_t count) noexcept {
    work_with_cookies<Sealer>(lanes, count);
  }

 private:
  // RFC 4493 §2.3, and what is made with them.
  struct SubKeys {
    alignas(32) Row full;
    alignas(32) Row partial;
    alignas(32) Row sums;
    Chain chain;
  };
  struct ClientWork {
    SubKeys keys;
    LaneSchedule mac;
    LaneSchedule counter;  // behind all others, as it is not always made
  };
  struct SharedWork {
    SubKeys keys;
    SharedSchedule mac;
    SharedSchedule counter;
  };

  // RFC 4493 §2.4: a block joins the state, which is encrypted.
  template <typename Schedule>
  struct Cmac {
    const Schedule& key;

    [[gnu::always_inline]] void operator()(Lanes& state, const Lanes& block) const noexcept {
      state = state ^ block;
      Text::encrypt(key, state);
    }
  };
  template <typename Schedule>
  [[gnu::noinline]] static void run(const Schedule& key, const Chain& chain, Lanes& mac) noexcept {
    Lanes state = Text::all(Isa::zero());
    Text::run(chain, state, Cmac<Schedule>{key});
    mac = state;
  }

  // RFC 5297 §2.5: the counter begins without two bits of the tag, so that 32 bits of it can count
  // every message without an overflow. The counter is big-endian.
  template <typename Schedule>
  [[gnu::noinline]] static void counter_mode(const Schedule& key, const Lanes& tags,
                                             const LockstepLane* lanes,
                                             std::size_t count) noexcept {
    const Vector swap = Isa::broadcast(Isa::swapping());
    const Vector mask = Isa::broadcast(Isa::halves(~0ULL, 0xffff'ff7f'ffff'ff7fULL));
    Lanes counter;
    for (std::size_t v = 0; v < Text::kVectors; ++v)
      counter.of[v] = Isa::shuffle(tags.of[v] & mask, swap);
    Text::count_through(key, counter, lanes, count,
                        [=](Vector value) { return Isa::shuffle(value, swap); });
  }

  static void expand_macs(const LockstepLane* lanes, ClientWork& work) noexcept {
    Text::expand(Text::load_secrets(lanes, 0), work.mac);
    Lanes zero = Text::all(Isa::zero());
    Text::encrypt(work.mac, zero);
    const Lanes full = Text::doubled(zero);
    Text::store_row(work.keys.full, full);
    Text::store_row(work.keys.partial, Text::doubled(full));
  }
  static void expand_counters(const LockstepLane* lanes, ClientWork& work) noexcept {
    Text::expand(Text::load_secrets(lanes, kBlock), work.counter);
  }

  // The last block of a message, RFC 4493 §2.4.
  [[gnu::always_inline]] static Block last_block(const std::byte* text, std::size_t length,
                                                 const SubKeys& keys, std::size_t lane) noexcept {
    const std::size_t octets = length % kBlock;
    if (octets == 0 && length != 0)
      return Isa::load_block(text + length - kBlock) ^ Isa::load_block(keys.full[lane]);
    const Block filled = octets == 0 ? Isa::zero() : Text::load_end(text, length, octets);
    return filled ^ Text::padding(octets) ^ Isa::load_block(keys.partial[lane]);
  }

  // RFC 5297 §2.4: the MAC of the zero block and that of the associated data, and the doubling
  // before the next component.
  [[gnu::always_inline]] static Lanes sum_of_data(const LockstepLane* lanes,
                                                  ClientWork& work) noexcept {
    Chain& chain = work.keys.chain;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      const LockstepLane& lane = lanes[i];
      chain.blocks.of[i] = lane.associated_data;
      chain.whole[i] = lane.data_length == 0 ? 0 : (lane.data_length - 1) / kBlock;
      chain.total[i] = chain.whole[i] + 1;
      Isa::store_block(chain.tail[i][0],
                       last_block(lane.associated_data, lane.data_length, work.keys, i));
    }
    Lanes zero_mac = Text::load_row(work.keys.full);
    Text::encrypt(work.mac, zero_mac);
    Lanes mac;
    run(work.mac, chain, mac);
    return Text::doubled(Text::doubled(zero_mac) ^ mac);
  }

  // The end of S2V (RFC 5297 §2.4): the text with the sum xored onto its end, or, where it is
  // shorter than a block, filled up and with twice the sum.
  [[gnu::always_inline]] static void add_text(Chain& chain, const SubKeys& keys, std::size_t lane,
                                              const std::byte* text, std::size_t length) noexcept {
    const Block sum = Isa::load_block(keys.sums[lane]);
    const std::size_t octets = length % kBlock;
    std::byte(&tail)[2][kBlock] = chain.tail[lane];
    chain.blocks.of[lane] = text;
    chain.whole[lane] = 0;
    chain.total[lane] = 1;
    if (length < kBlock) {  // the sum was doubled
      const Block filled = Text::load_short(text, length) ^ Text::padding(length);
      Isa::store_block(tail[0], filled ^ sum ^ Isa::load_block(keys.full[lane]));
    } else if (octets == 0) {
      chain.whole[lane] = length / kBlock - 1;
      chain.total[lane] = length / kBlock;
      Isa::store_block(tail[0], last_block(text, length, keys, lane) ^ sum);
    } else {
      chain.whole[lane] = length / kBlock - 1;
      chain.total[lane] = length / kBlock + 1;
      const Block before = Isa::load_block(text + length - octets - kBlock);
      Isa::store_block(tail[0], before ^ Text::back(sum, octets));
      Isa::store_block(tail[1],
                       last_block(text, length, keys, lane) ^ Text::forward(sum, kBlock - octets));
    }
  }

  template <typename Schedule>
  [[gnu::always_inline]] static Lanes tags(const Schedule& key, const LockstepLane* lanes,
                                           SubKeys& keys, Lanes sum, bool are_opened) noexcept {
    alignas(32) Row nonces;
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      Isa::store_block(nonces[i], last_block(lanes[i].nonce, lanes[i].nonce_length, keys, i));
    Lanes nonce_mac = Text::load_row(nonces);
    Text::encrypt(key, nonce_mac);
    sum = sum ^ nonce_mac;
    Text::store_row(keys.sums, sum);
    alignas(32) Row doubled;
    Text::store_row(doubled, Text::doubled(sum));
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      const LockstepLane& lane = lanes[i];
      if (lane.length < kBlock) std::memcpy(keys.sums[i], doubled[i], kBlock);
      add_text(keys.chain, keys, i, are_opened ? lane.out : lane.in, lane.length);
    }
    Lanes result;
    run(key, keys.chain, result);
    return result;
  }

  struct Opener {
    template <typename Schedule>
    static void work(const Schedule& mac, const Schedule& counter, SubKeys& keys, const Lanes& sum,
                     LockstepLane* lanes, std::size_t count) noexcept {
      const Lanes right = Text::load_tags(lanes);
      counter_mode(counter, right, lanes, count);
      alignas(32) Row differences;
      Text::store_row(differences, tags(mac, lanes, keys, sum, true) ^ right);
      for (std::size_t i = 0; i < count; ++i)
        lanes[i].good = Isa::is_zero(Isa::load_block(differences[i]));
    }
  };
  struct Sealer {
    template <typename Schedule>
    static void work(const Schedule& mac, const Schedule& counter, SubKeys& keys, const Lanes& sum,
                     LockstepLane* lanes, std::size_t count) noexcept {
      const Lanes made = tags(mac, lanes, keys, sum, false);
      Text::store_tags(lanes, made);
      counter_mode(counter, made, lanes, count);
    }
  };

  template <typename Direction>
  static void work_with_clients(LockstepLane* lanes, std::size_t count) noexcept {
    Text::fill(lanes, count);
    bool is_counted = false;
    for (std::size_t i = 0; i < count; ++i) is_counted |= lanes[i].length != 0;
    ClientWork work;
    expand_macs(lanes, work);
    if (is_counted) expand_counters(lanes, work);
    const Lanes sum = sum_of_data(lanes, work);
    Direction::work(work.mac, work.counter, work.keys, sum, lanes, count);
    explicit_bzero(&work, sizeof work - (is_counted ? 0 : sizeof work.counter));
  }

  static void load_sub_keys(const LockstepLane* lanes, SubKeys& keys) noexcept {
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      std::memcpy(keys.full[i], lanes[i].key->full, kBlock);
      std::memcpy(keys.partial[i], lanes[i].key->partial, kBlock);
      std::memcpy(keys.sums[i], lanes[i].key->sum, kBlock);
    }
  }

  // Usually all cookies are of one key.
  template <typename Direction>
  static void work_with_cookies(LockstepLane* lanes, std::size_t count) noexcept {
    Text::fill(lanes, count);
    bool is_shared = true;
    for (std::size_t i = 1; i < count; ++i) is_shared &= lanes[i].key == lanes[0].key;
    if (is_shared) {
      work_with_shared<Direction>(lanes, count);
    } else {
      work_with_several<Direction>(lanes, count);
    }
  }

  template <typename Direction>
  static void work_with_shared(LockstepLane* lanes, std::size_t count) noexcept {
    SharedWork work;
    const LockstepKey& key = *lanes[0].key;
    for (std::size_t i = 0; i < LockstepKey::kRounds; ++i) {
      work.mac.rounds[i] = Isa::broadcast(Isa::load_block(key.mac[i]));
      work.counter.rounds[i] = Isa::broadcast(Isa::load_block(key.counter[i]));
    }
    load_sub_keys(lanes, work.keys);
    const Lanes sum = Text::load_row(work.keys.sums);
    Direction::work(work.mac, work.counter, work.keys, sum, lanes, count);
    explicit_bzero(&work, sizeof work);
  }

  template <typename Direction>
  static void work_with_several(LockstepLane* lanes, std::size_t count) noexcept {
    ClientWork work;
    Sources macs;
    Sources counters;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      macs.of[i] = lanes[i].key->mac[0];
      counters.of[i] = lanes[i].key->counter[0];
    }
    for (std::size_t i = 0; i < LockstepKey::kRounds; ++i) {
      const Lanes mac = Text::load(macs, i * kBlock);
      const Lanes counter = Text::load(counters, i * kBlock);
      for (std::size_t v = 0; v < Text::kVectors; ++v) {
        work.mac.rounds[i][v] = mac.of[v];
        work.counter.rounds[i][v] = counter.of[v];
      }
    }
    load_sub_keys(lanes, work.keys);
    const Lanes sum = Text::load_row(work.keys.sums);
    Direction::work(work.mac, work.counter, work.keys, sum, lanes, count);
    explicit_bzero(&work, sizeof work);
  }
};

}  // namespace pollux::nts
