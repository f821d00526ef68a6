#include "nts/core/key_ring.h"

namespace pollux::nts {

namespace {

constexpr std::uint32_t kPlaceMask = kRingKeys - 1;
static_assert((kRingKeys & kPlaceMask) == 0);

// The key of a place: its id's low bits name it.
CookieKey key_at(std::size_t place, const KeyRing::KeyEntropy& entropy) noexcept {
  return {.id = (entropy.id & ~kPlaceMask) | static_cast<std::uint32_t>(place), .key = entropy.key};
}

}  // namespace

KeyRing KeyRing::from_entropy(const std::array<KeyEntropy, kRingKeys>& entropy) noexcept {
  KeyRing ring;
  for (std::size_t place = 0; place < kRingKeys; ++place)
    ring.keys_[place] = key_at(place, entropy[place]);
  ring.current_ = kRingKeys - 2;
  return ring;
}

std::optional<KeyRing> KeyRing::from_keys(const std::array<CookieKey, kRingKeys>& keys) noexcept {
  KeyRing ring;
  for (std::size_t i = 0; i < kRingKeys; ++i) {
    if (keys[i].id % kRingKeys != (keys[0].id + i) % kRingKeys) return std::nullopt;
    ring.keys_[keys[i].id % kRingKeys] = keys[i];
  }
  ring.current_ = keys[kRingKeys - 2].id % kRingKeys;
  return ring;
}

KeyRing KeyRing::rotated(const KeyEntropy& entropy) const noexcept {
  KeyRing ring = *this;
  ring.current_ = (current_ + 1) % kRingKeys;
  const std::size_t next = (ring.current_ + 1) % kRingKeys;
  ring.keys_[next] = key_at(next, entropy);
  return ring;
}

std::array<CookieKey, kRingKeys> KeyRing::keys() const noexcept {
  std::array<CookieKey, kRingKeys> keys;
  for (std::size_t i = 0; i < kRingKeys; ++i) keys[i] = keys_[(current_ + 2 + i) % kRingKeys];
  return keys;
}

KeyUse KeyRing::use_of(const CookieKey& key) const noexcept {
  const std::size_t place = key.id % kRingKeys;
  if (place == current_) return KeyUse::kCurrent;
  return place == (current_ + 1) % kRingKeys ? KeyUse::kNext : KeyUse::kOld;
}

}  // namespace pollux::nts
