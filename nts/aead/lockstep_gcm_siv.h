// AES-128-GCM-SIV (RFC 8452) of eight messages in lock-step, for the engines of lockstep_engine.h.
// A template as lockstep_aes.h is. Pure; any thread.
#pragma once

#include "nts/aead/lockstep_text.h"

namespace pollux::nts {

template <typename Isa>
class LockstepGcmSiv : LockstepText<Isa> {
  using Text = LockstepText<Isa>;
  using Text::kBlock;
  using typename Text::Block;
  using typename Text::Chain;
  using typename Text::Lanes;
  using typename Text::LaneSchedule;
  using typename Text::Row;
  using typename Text::Vector;

 public:
  static void open(LockstepLane* lanes, std::size_t count) noexcept {
    Text::fill(lanes, count);
    Work work;
    derive_keys(lanes, work);
    const Lanes right = Text::load_tags(lanes);
    counter_mode(work.encryption, right, lanes, count);
    alignas(32) Row differences;
    Text::store_row(differences, tags(lanes, work, true) ^ right);
    for (std::size_t i = 0; i < count; ++i)
      lanes[i].good = Isa::is_zero(Isa::load_block(differences[i]));
    Text::wipe(&work, sizeof work);
  }

  static void seal(LockstepLane* lanes, std::size_t count) noexcept {
    Text::fill(lanes, count);
    Work work;
    derive_keys(lanes, work);
    const Lanes made = tags(lanes, work, false);
    Text::store_tags(lanes, made);
    counter_mode(work.encryption, made, lanes, count);
    Text::wipe(&work, sizeof work);
  }

 private:
  struct Work {
    LaneSchedule generating;
    LaneSchedule encryption;
    Lanes authentication;
    Chain data;
    Chain text;
    alignas(32) Row nonces;  // filled up with zeros
  };

  // RFC 8452 §4: half of each of four blocks; two halves authenticate, two encrypt.
  static void derive_keys(const LockstepLane* lanes, Work& work) noexcept {
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      Isa::store_block(work.nonces[i], Text::load_short(lanes[i].nonce, lanes[i].nonce_length));
    Text::expand(Text::load_secrets(lanes, 0), work.generating);
    const Lanes nonces = Text::load_row(work.nonces);
    Lanes halves[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Text::kVectors; ++v)
        halves[i].of[v] =
            Isa::template octets_back<4>(nonces.of[v]) | Isa::broadcast(Isa::halves(i, 0));
      Text::encrypt(work.generating, halves[i]);
    }
    Lanes key;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Text::kVectors; ++v) {
      work.authentication.of[v] = Isa::low_halves(halves[0].of[v], halves[1].of[v]);
      key.of[v] = Isa::low_halves(halves[2].of[v], halves[3].of[v]);
    }
    Text::expand(key, work.encryption);
  }

  // RFC 8452 §3: a block joins the sum, which is multiplied by the key in POLYVAL's field, whose
  // product has x^-128 in it: two steps, each of which takes 64 bits off the low end.
  struct Polyval {
    const Lanes& key;

    [[gnu::always_inline]] void operator()(Lanes& state, const Lanes& block) const noexcept {
      const Vector polynomial = Isa::broadcast(Isa::halves(kPolynomial, kPolynomial));
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Text::kVectors; ++v) {
        const Vector sum = state.of[v] ^ block.of[v];
        const Vector middle = Isa::template product<0x10>(sum, key.of[v]) ^
                              Isa::template product<0x01>(sum, key.of[v]);
        Vector low =
            Isa::template product<0x00>(sum, key.of[v]) ^ Isa::template octets_back<8>(middle);
        const Vector high =
            Isa::template product<0x11>(sum, key.of[v]) ^ Isa::template octets_forward<8>(middle);
        low = Isa::swapped_halves(low) ^ Isa::template product<0x00>(low, polynomial);
        low = Isa::swapped_halves(low) ^ Isa::template product<0x00>(low, polynomial);
        state.of[v] = low ^ high;
      }
    }
  };
  // x^63 + x^62 + x^57: x^-64 is that and x^64.
  static constexpr unsigned long long kPolynomial = 0xc200'0000'0000'0000;

  [[gnu::noinline]] static void run(const Lanes& key, const Chain& chain, Lanes& sum) noexcept {
    Lanes state = sum;
    Text::run(chain, 0, state, Polyval{key});
    sum = state;
  }

  // Whole blocks, what is left filled up with zeros, and where `is_last` a block that is made yet.
  // Gives how many blocks were made before that.
  [[gnu::always_inline]] static std::size_t add_text(Chain& chain, std::size_t lane,
                                                     const std::byte* text, std::size_t length,
                                                     bool is_last) noexcept {
    const std::size_t octets = length % kBlock;
    const std::size_t made = octets == 0 ? 0 : 1;
    chain.set(lane, text, length / kBlock, made + (is_last ? 1 : 0));
    if (made != 0) Isa::store_block(chain.tail[lane][0], Text::load_end(text, length, octets));
    return made;
  }

  // RFC 8452 §4: POLYVAL of the data, the text and both lengths in bits, then the nonce, and
  // without the highest bit.
  static Lanes tags(const LockstepLane* lanes, Work& work, bool are_opened) noexcept {
    for (std::size_t i = 0; i < kLockstepLanes; ++i)
      add_text(work.data, i, lanes[i].associated_data, lanes[i].data_length, false);
    for (std::size_t i = 0; i < kLockstepLanes; ++i) {
      const LockstepLane& lane = lanes[i];
      const std::byte* const text = are_opened ? lane.out : lane.in;
      const std::size_t made = add_text(work.text, i, text, lane.length, true);
      Isa::store_block(work.text.tail[i][made], Isa::halves(lane.data_length * 8, lane.length * 8));
    }
    Lanes sum = Text::all(Isa::zero());
    run(work.authentication, work.data, sum);
    run(work.authentication, work.text, sum);
    sum = sum ^ Text::load_row(work.nonces);
    const Vector mask = Isa::broadcast(Isa::halves(~0ULL, ~(1ULL << 63U)));
    for (std::size_t v = 0; v < Text::kVectors; ++v) sum.of[v] = sum.of[v] & mask;
    Text::encrypt(work.encryption, sum);
    return sum;
  }

  // RFC 8452 §4: the counter is little-endian, of 32 bits, and does not carry into the rest.
  [[gnu::noinline]] static void counter_mode(const LaneSchedule& key, const Lanes& tags,
                                             const LockstepLane* lanes,
                                             std::size_t count) noexcept {
    const Vector top = Isa::broadcast(Isa::halves(0, 1ULL << 63U));
    Lanes counter;
    for (std::size_t v = 0; v < Text::kVectors; ++v) counter.of[v] = tags.of[v] | top;
    Text::count_through(key, counter, lanes, count, [](Vector value) { return value; });
  }
};

}  // namespace pollux::nts
