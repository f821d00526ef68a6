// AES-SIV-CMAC-256 (RFC 5297) of eight messages in lock-step, for the engines of lockstep_engine.h.
// A template as lockstep_aes.h is. Pure; any thread.
#pragma once

#include "nts/aead/lockstep_cmac.h"

namespace pollux::nts {

template <typename Isa>
class LockstepSiv : LockstepCmac<Isa> {
  using Cmac = LockstepCmac<Isa>;
  using Cmac::kBlock;
  using typename Cmac::Chain;
  using typename Cmac::Lanes;
  using typename Cmac::LaneSchedule;
  using typename Cmac::Row;
  using typename Cmac::SharedSchedule;
  using typename Cmac::Sources;
  using typename Cmac::SubKeys;
  using typename Cmac::Vector;

 public:
  static void expand(const std::byte* secret, LockstepKey& key) noexcept {
    LockstepLane lanes[kLockstepLanes];
    for (LockstepLane& lane : lanes) lane = {.secret = secret};
    ClientWork work;
    expand_macs(lanes, work);
    expand_counters(lanes, work);
    set_data(lanes, work);
    Lanes mac = Cmac::all(Isa::zero());
    Cmac::run(work.mac, work.data, 0, mac);
    const Lanes sum = Cmac::doubled(Cmac::doubled(zero_macs(work)) ^ mac);
    for (std::size_t i = 0; i < LockstepKey::kRounds; ++i) {
      Isa::store_block(key.mac[i], Isa::first(work.mac.rounds[i][0]));
      Isa::store_block(key.counter[i], Isa::first(work.counter.rounds[i][0]));
    }
    std::memcpy(key.full, work.keys.full[0], kBlock);
    std::memcpy(key.partial, work.keys.partial[0], kBlock);
    Isa::store_block(key.sum, Isa::first(sum.of[0]));
    Cmac::wipe(&work, sizeof work);
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
  struct ClientWork {
    SubKeys keys;
    Chain data;
    Chain text;
    LaneSchedule mac;
    LaneSchedule counter;  // behind all others, as it is not always made
  };

  // What comes before the tags are made, and after.
  struct Opener {
    template <typename Schedule>
    static Lanes begin(const Schedule& counter, LockstepLane* lanes, std::size_t count) noexcept {
      const Lanes given = Cmac::load_tags(lanes);
      counter_mode(counter, given, lanes, count);
      return given;
    }
    template <typename Schedule>
    static void end(const Schedule& /*counter*/, const Lanes& given, const Lanes& made,
                    LockstepLane* lanes, std::size_t count) noexcept {
      alignas(32) Row differences;
      Cmac::store_row(differences, given ^ made);
      for (std::size_t i = 0; i < count; ++i)
        lanes[i].good = Isa::is_zero(Isa::load_block(differences[i]));
    }
    static const std::byte* text_of(const LockstepLane& lane) noexcept { return lane.out; }
  };
  struct Sealer {
    template <typename Schedule>
    static Lanes begin(const Schedule& /*counter*/, LockstepLane* /*lanes*/,
                       std::size_t /*count*/) noexcept {
      return Cmac::all(Isa::zero());
    }
    template <typename Schedule>
    static void end(const Schedule& counter, const Lanes& /*given*/, const Lanes& made,
                    LockstepLane* lanes, std::size_t count) noexcept {
      Cmac::store_tags(lanes, made);
      counter_mode(counter, made, lanes, count);
    }
    static const std::byte* text_of(const LockstepLane& lane) noexcept { return lane.in; }
  };

  // RFC 5297 §2.5: the counter begins without two bits of the tag, so that 32 bits of it can count
  // every message without an overflow. The counter is big-endian.
  template <typename Schedule>
  [[gnu::noinline]] static void counter_mode(const Schedule& key, const Lanes& tags,
                                             const LockstepLane* lanes,
                                             std::size_t count) noexcept {
    const Vector swap = Isa::broadcast(Isa::swapping());
    const Vector mask = Isa::broadcast(Isa::halves(~0ULL, 0xffff'ff7f'ffff'ff7fULL));
    Lanes counter;
    for (std::size_t v = 0; v < Cmac::kVectors; ++v)
      counter.of[v] = Isa::shuffle(tags.of[v] & mask, swap);
    Cmac::count_through(key, counter, lanes, count,
                        [=](Vector value) { return Isa::shuffle(value, swap); });
  }

  // What both directions need is in functions of its own, so that the code of both fits into the
  // processor's first cache.
  [[gnu::noinline]] static void expand_macs(const LockstepLane* lanes, ClientWork& work) noexcept {
    Cmac::expand(Cmac::load_secrets(lanes, 0), work.mac);
    Cmac::derive(work.mac, work.keys);
  }

  [[gnu::noinline]] static void expand_counters(const LockstepLane* lanes,
                                                ClientWork& work) noexcept {
    Cmac::expand(Cmac::load_secrets(lanes, kBlock), work.counter);
  }

  [[gnu::noinline]] static void set_data(const LockstepLane* lanes, ClientWork& work) noexcept {
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      Cmac::set_message(work.data, work.keys, i, lanes[i].associated_data, lanes[i].data_length);
  }

  // RFC 5297 §2.4: the MAC of the zero block, which comes before all components.
  [[gnu::noinline]] static Lanes zero_macs(const ClientWork& work) noexcept {
    Lanes macs = Cmac::load_row(work.keys.full);
    Cmac::encrypt(work.mac, macs);
    return macs;
  }
  template <typename Schedule>
  [[gnu::noinline]] static Lanes nonce_macs(const Schedule& key, const SubKeys& keys,
                                            const LockstepLane* lanes) noexcept {
    alignas(32) Row nonces;
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      Isa::store_block(nonces[i], Cmac::last_block(lanes[i].nonce, lanes[i].nonce_length, keys, i));
    Lanes macs = Cmac::load_row(nonces);
    Cmac::encrypt(key, macs);
    return macs;
  }

  // The sums of all components but the texts join these, from block `next` on.
  template <typename Schedule>
  [[gnu::noinline]] static Lanes tags(const Schedule& key, const SubKeys& keys,
                                      const LockstepLane* lanes, const Lanes& sum, Chain& text,
                                      std::size_t next, Lanes state) noexcept {
    alignas(32) Row sums;
    alignas(32) Row doubled;
    Cmac::store_row(sums, sum);
    Cmac::store_row(doubled, Cmac::doubled(sum));
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      Cmac::set_sum(text, keys, i, lanes[i].length, sums[i], doubled[i]);
    Cmac::run(key, text, next, state);
    return state;
  }

  template <typename Direction>
  static void work_with_clients(LockstepLane* lanes, std::size_t count) noexcept {
    Cmac::fill(lanes, count);
    bool is_counted = false;
    for (std::size_t i = 0; i < count; ++i) is_counted |= lanes[i].length != 0;
    ClientWork work;
    expand_macs(lanes, work);
    if (is_counted) expand_counters(lanes, work);
    const Lanes given = Direction::begin(work.counter, lanes, count);
    set_data(lanes, work);
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      Cmac::set_text(work.text, i, Direction::text_of(lanes[i]), lanes[i].length);
    const Lanes zero_mac = zero_macs(work);
    const Lanes nonce_mac = nonce_macs(work.mac, work.keys, lanes);
    Lanes data_mac = Cmac::all(Isa::zero());
    Lanes text_mac = data_mac;
    const std::size_t done = Cmac::run_both(work.mac, work.data, data_mac, work.text, text_mac);
    Cmac::run(work.mac, work.data, done, data_mac);
    const Lanes sum = Cmac::doubled(Cmac::doubled(zero_mac) ^ data_mac) ^ nonce_mac;
    const Lanes made = tags(work.mac, work.keys, lanes, sum, work.text, done, text_mac);
    Direction::end(work.counter, given, made, lanes, count);
    Cmac::wipe(&work, sizeof work - (is_counted ? 0 : sizeof work.counter));
  }

  // Usually all cookies are of one key.
  template <typename Direction>
  static void work_with_cookies(LockstepLane* lanes, std::size_t count) noexcept {
    Cmac::fill(lanes, count);
    bool is_shared = true;
    for (std::size_t i = 1; i < count; ++i) is_shared &= lanes[i].key == lanes[0].key;
    if (is_shared) {
      const LockstepKey& key = *lanes[0].key;
      work_with_keys<Direction>(SharedSchedule{key.mac}, SharedSchedule{key.counter}, lanes, count);
    } else {
      work_with_several<Direction>(lanes, count);
    }
  }

  template <typename Direction>
  [[gnu::noinline]] static void work_with_several(LockstepLane* lanes, std::size_t count) noexcept {
    LaneSchedule macs;
    LaneSchedule counters;
    Sources mac;
    Sources counter;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      mac.of[i] = lanes[i].key->mac[0];
      counter.of[i] = lanes[i].key->counter[0];
    }
    Cmac::gather(mac, macs);
    Cmac::gather(counter, counters);
    work_with_keys<Direction>(macs, counters, lanes, count);
    Cmac::wipe(&macs, sizeof macs);
    Cmac::wipe(&counters, sizeof counters);
  }

  template <typename Direction, typename Schedule>
  static void work_with_keys(const Schedule& mac, const Schedule& counter, LockstepLane* lanes,
                             std::size_t count) noexcept {
    SubKeys keys;
    Chain text;
    Sources sums;
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      std::memcpy(keys.full[i], lanes[i].key->full, kBlock);
      std::memcpy(keys.partial[i], lanes[i].key->partial, kBlock);
      sums.of[i] = lanes[i].key->sum;
      Cmac::set_text(text, i, Direction::text_of(lanes[i]), lanes[i].length);
    }
    const Lanes given = Direction::begin(counter, lanes, count);
    const Lanes nonce_mac = nonce_macs(mac, keys, lanes);
    Lanes text_mac = Cmac::all(Isa::zero());
    const std::size_t done = Cmac::run_whole(mac, text, text_mac);
    const Lanes sum = Cmac::load(sums, 0) ^ nonce_mac;
    const Lanes made = tags(mac, keys, lanes, sum, text, done, text_mac);
    Direction::end(counter, given, made, lanes, count);
    Cmac::wipe(text.tail, sizeof text.tail);
  }
};

}  // namespace pollux::nts
