#include "nts/aead/imb_gcm_siv.h"

#include <strings.h>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace pollux::nts {

namespace {

// RFC 8452 appendix A: POLYVAL is GHASH of the blocks read backwards.
Vector reversed(Vector block) noexcept {
  return block_of(std::byteswap(high_half(block)), std::byteswap(low_half(block)));
}

// mulX_GHASH(ByteReverse(key)) of RFC 8452 appendix A: GHASH has its coefficients in the other
// order of bits, so that times x is a shift to the right.
Vector ghash_key(std::uint64_t low, std::uint64_t high) noexcept {
  const std::uint64_t carry = 0 - (low & 1U);
  return reversed(block_of(low >> 1U | high << 63U, high >> 1U ^ (carry & 0xe100'0000'0000'0000U)));
}

// Appends the blocks of `message`, the last one filled up with zeros, each of them reversed.
std::byte* put_reversed(std::byte* to, std::span<const std::byte> message) noexcept {
  const std::size_t whole = message.size() / kBlockLength;
  for (std::size_t i = 0; i < whole; ++i) {
    store_block(to, reversed(load_block(message.data() + i * kBlockLength)));
    to += kBlockLength;
  }
  const auto rest = message.subspan(whole * kBlockLength);
  if (rest.empty()) return to;
  const Vector last = whole == 0 ? load_part(rest) : load_end(message, rest.size());
  store_block(to, reversed(last));
  return to + kBlockLength;
}

}  // namespace

void ImbGcmSiv::forget_keys() noexcept {
  if (keys_used_ == 0) return;
  explicit_bzero(keys_.data(), keys_used_ * sizeof keys_[0]);
  explicit_bzero(&powers_, sizeof powers_);
  keys_used_ = 0;
}

// RFC 8452 §4: half of each of four blocks; two halves authenticate, two encrypt.
void ImbGcmSiv::derive_keys(std::span<const ImbGcmSivLane> lanes) noexcept {
  std::array<std::uint64_t, 4> halves;
  alignas(Vector) std::array<std::byte, kAes128KeyLength> encryption;
  keys_used_ = std::max(keys_used_, lanes.size());
  for (std::size_t i = 0; i < lanes.size(); ++i)
    manager_.expand(lanes[i].secret.first<kAes128KeyLength>(), keys_[i].generating);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Keys& keys = keys_[i];
    const auto nonce_start = load_le<std::uint32_t>(lanes[i].nonce.data());
    const auto nonce_end = load_le<std::uint64_t>(lanes[i].nonce.data() + 4);
    for (std::uint32_t number = 0; number < 4; ++number)
      halves[number] = low_half(manager_.encrypted(
          keys.generating, block_of(std::uint64_t{nonce_start} << 32U | number, nonce_end)));
    keys.authentication = ghash_key(halves[0], halves[1]);
    store_block(encryption.data(), block_of(halves[2], halves[3]));
    manager_.expand(encryption, keys.encryption);
  }
  explicit_bzero(encryption.data(), sizeof encryption);
  explicit_bzero(halves.data(), sizeof halves);
}

// RFC 8452 §4.
Vector ImbGcmSiv::tag_of(const ImbGcmSivLane& lane, const Keys& keys,
                         std::span<const std::byte> plaintext) noexcept {
  std::byte* end = put_reversed(blocks_.data(), lane.associated_data);
  end = put_reversed(end, plaintext);
  store_block(end, reversed(block_of(std::uint64_t{lane.associated_data.size()} * 8,
                                     std::uint64_t{plaintext.size()} * 8)));
  end += kBlockLength;
  Vector sum = reversed(manager_.ghash(keys.authentication, {blocks_.data(), end}, powers_));
  sum = sum ^ block_of(load_le<std::uint64_t>(lane.nonce.data()),
                       load_le<std::uint32_t>(lane.nonce.data() + 8));
  sum = sum & block_of(~std::uint64_t{0}, ~std::uint64_t{0} >> 1U);
  return manager_.encrypted(keys.encryption, sum);
}

// RFC 8452 §4: the counter is little-endian, of 32 bits, and does not carry into the rest, which no
// counter mode of the library's does.
void ImbGcmSiv::counter_mode(const ImbGcmSivLane& lane, const Keys& keys) noexcept {
  const std::size_t length = lane.in.size();
  if (length == 0) return;
  Vector counter = lane.tag | block_of(0, std::uint64_t{1} << 63U);
  const std::size_t count = (length + kBlockLength - 1) / kBlockLength;
  for (std::size_t i = 0; i < count; ++i) {
    store_block(blocks_.data() + i * kBlockLength, counter);
    counter = {_mm_add_epi32(counter.value, _mm_cvtsi32_si128(1))};
  }
  manager_.ecb(keys.encryption, {blocks_.data(), count * kBlockLength});
  std::size_t at = 0;
  for (; at + kBlockLength <= length; at += kBlockLength)
    store_block(lane.out + at, load_block(lane.in.data() + at) ^ load_block(blocks_.data() + at));
  for (; at < length; ++at) lane.out[at] = lane.in[at] ^ blocks_[at];
}

void ImbGcmSiv::seal(std::span<ImbGcmSivLane> lanes) noexcept {
  derive_keys(lanes);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].tag = tag_of(lanes[i], keys_[i], lanes[i].in);
    counter_mode(lanes[i], keys_[i]);
  }
}

void ImbGcmSiv::open(std::span<ImbGcmSivLane> lanes) noexcept {
  derive_keys(lanes);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    ImbGcmSivLane& lane = lanes[i];
    counter_mode(lane, keys_[i]);
    lane.good = are_equal(lane.tag, tag_of(lane, keys_[i], {lane.out, lane.in.size()}));
  }
}

}  // namespace pollux::nts
