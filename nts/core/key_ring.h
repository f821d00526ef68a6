// The keys that cookies are sealed with: one that seals, the next one (so that a server that gets
// the ring late can already open what another seals), and old ones. A value, built whole and not
// changed after; any thread. As in chrony, the two low bits of an id are the key's place in the
// ring. Keys wipe themselves when they go out of scope.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "nts/core/wipe.h"

namespace pollux::nts {

inline constexpr std::size_t kRingKeys = 4;
inline constexpr std::size_t kCookieKeyLength = 32;  // AEAD_AES_SIV_CMAC_256

struct CookieKey {
  ~CookieKey() { wipe(key); }

  std::uint32_t id = 0;
  std::array<std::byte, kCookieKeyLength> key{};

  friend bool operator==(const CookieKey&, const CookieKey&) noexcept = default;
};

// What a key of the ring is for. An old key opens what it once sealed.
enum class KeyUse : std::uint8_t { kOld, kCurrent, kNext };

class KeyRing {
 public:
  // Random octets for one key and for what is free of its id.
  struct KeyEntropy {
    ~KeyEntropy() { wipe(key); }

    std::array<std::byte, kCookieKeyLength> key{};
    std::uint32_t id = 0;
  };

  // A first ring: every place gets a key, in the order of a key file.
  [[nodiscard]] static KeyRing from_entropy(
      const std::array<KeyEntropy, kRingKeys>& entropy) noexcept;

  // In the order of a key file: old keys, oldest first, then the current and the next one. Nothing
  // where the ids do not name places that follow one another.
  [[nodiscard]] static std::optional<KeyRing> from_keys(
      const std::array<CookieKey, kRingKeys>& keys) noexcept;

  // The next key becomes the current one; a new next key takes the place of the oldest.
  [[nodiscard]] KeyRing rotated(const KeyEntropy& entropy) const noexcept;

  // All keys in the order of a key file.
  [[nodiscard]] std::array<CookieKey, kRingKeys> keys() const noexcept;

  [[nodiscard]] const CookieKey& current() const noexcept { return keys_[current_]; }
  [[nodiscard]] const CookieKey& next() const noexcept { return keys_[(current_ + 1) % kRingKeys]; }

  // By the place that the id names, without a search; nullptr where another key is there.
  [[nodiscard]] const CookieKey* find(std::uint32_t id) const noexcept {
    const CookieKey& key = keys_[id % kRingKeys];
    return key.id == id ? &key : nullptr;
  }

  // Of an id that find() does not know: how many rotations ago the key that was in its place before
  // was the current one, less kRotationsKept: 0 to 3. A guess, as an id may be anybody's invention.
  static constexpr std::size_t kRotationsKept = 3;
  [[nodiscard]] std::size_t age_of_unknown(std::uint32_t id) const noexcept {
    return (current_ + 1 + kRingKeys - id % kRingKeys) % kRingKeys;
  }

  [[nodiscard]] KeyUse use_of(const CookieKey& key) const noexcept;

  friend bool operator==(const KeyRing&, const KeyRing&) noexcept = default;

 private:
  KeyRing() = default;

  std::array<CookieKey, kRingKeys> keys_{};  // by the low bits of the id
  std::size_t current_ = 0;
};

}  // namespace pollux::nts
