#include "nts/aead/imb_siv.h"

namespace pollux::nts {

// Step by step and not key by key, so that the lanes' work overlaps in the processor.
void ImbSiv::expand(std::span<ImbSivLane> lanes, std::span<ImbSivKey> keys) const noexcept {
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].key = &keys[i];
    manager_.expand(lanes[i].secret.first<kAes128KeyLength>(), keys[i].mac.aes);
    if (!lanes[i].in.empty())
      manager_.expand(lanes[i].secret.last<kAes128KeyLength>(), keys[i].counter);
  }
  for (ImbSivKey& key : keys.first(lanes.size())) cmac_.add_subkeys(key.mac);
  for (ImbSivKey& key : keys.first(lanes.size()))
    key.zero_mac = cmac_.of_block(key.mac, zero_block());
}

void ImbSiv::expand(std::span<const std::byte> secret, ImbCookieKey& key) noexcept {
  // Something to encrypt, so that all of the key is expanded.
  ImbSivLane lane{.secret = secret, .in = secret};
  expand(std::span{&lane, 1}, std::span{&key.siv, 1});
  add_associated_data(std::span{&lane, 1});
  key.sum = lane.sum;
}

// RFC 5297 §2.4, and the doubling before the next component.
void ImbSiv::add_associated_data(std::span<ImbSivLane> lanes) noexcept {
  for (std::size_t i = 0; i < lanes.size(); ++i)
    macs_[i].set(lanes[i].key->mac, lanes[i].associated_data);
  cmac_.run(std::span{macs_}.first(lanes.size()));
  for (std::size_t i = 0; i < lanes.size(); ++i)
    lanes[i].sum = doubled(doubled(lanes[i].key->zero_mac) ^ macs_[i].mac());
}

void ImbSiv::run_tags(std::span<ImbSivLane> lanes, bool are_opened) noexcept {
  std::array<Vector, kLanes> sums;
  for (std::size_t i = 0; i < lanes.size(); ++i)
    sums[i] = lanes[i].sum ^ cmac_.of_short(lanes[i].key->mac, lanes[i].nonce);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const ImbSivLane& lane = lanes[i];
    const std::byte* const plaintext = are_opened ? lane.out : lane.in.data();
    macs_[i].set_with_sum(lane.key->mac, {plaintext, lane.in.size()}, sums[i]);
  }
  cmac_.run(std::span{macs_}.first(lanes.size()));
}

void ImbSiv::seal(std::span<ImbSivLane> lanes) noexcept {
  run_tags(lanes, false);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i].tag = macs_[i].mac();
  counter_mode(lanes);
}

void ImbSiv::open(std::span<ImbSivLane> lanes) noexcept {
  counter_mode(lanes);
  run_tags(lanes, true);
  for (std::size_t i = 0; i < lanes.size(); ++i)
    lanes[i].good = are_equal(lanes[i].tag, macs_[i].mac());
}

void ImbSiv::counter_mode(std::span<const ImbSivLane> lanes) noexcept {
  // RFC 5297 §2.5: the counter begins without two bits of the tag, so that 32 bits of it can count
  // every message without an overflow.
  const Vector mask = block_of(~std::uint64_t{0}, 0xffff'ff7f'ffff'ff7f);
  std::array<Vector, kLanes> counters;
  std::array<Ciphering, kLanes> messages;
  std::size_t count = 0;
  for (const ImbSivLane& lane : lanes) {
    if (lane.in.empty()) continue;
    counters[count] = lane.tag & mask;
    messages[count] = {.key = &lane.key->counter,
                       .start = reinterpret_cast<const std::byte*>(&counters[count]),
                       .in = lane.in.data(),
                       .out = lane.out,
                       .length = lane.in.size()};
    ++count;
  }
  manager_.counter_mode(std::span{messages}.first(count));
}

}  // namespace pollux::nts
