// From the operations of nts/core/aead.h to lanes of a back end that works on a few side by side.
// Pure; the memory is the caller's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "nts/aead/block.h"
#include "nts/core/aead.h"

namespace pollux::nts {

// Operations that are worked on side by side.
inline constexpr std::size_t kLanes = 8;

// Octets of a part of a message; a longer one goes to the reference back end. No Ethernet packet
// has more.
inline constexpr std::size_t kLongestLane = 1536;

// Lanes that are filled one by one, with what each of them belongs to.
template <typename Lane, typename Operation>
class Group {
 public:
  void add(const Lane& lane, Operation& operation) noexcept {
    lanes_[count_] = lane;
    operations_[count_++] = &operation;
  }
  void clear() noexcept { count_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == kLanes; }
  [[nodiscard]] std::span<Lane> lanes() noexcept { return {lanes_.data(), count_}; }
  [[nodiscard]] Operation& operation(std::size_t lane) noexcept { return *operations_[lane]; }

 private:
  std::array<Lane, kLanes> lanes_;
  std::array<Operation*, kLanes> operations_;
  std::size_t count_ = 0;
};

inline constexpr std::size_t kGcmSivNonceLength = 12;

// Whether lengths are as told in nts/core/aead.h and not out of the ordinary.
[[nodiscard]] inline bool fits(AeadId aead, std::size_t key, std::size_t data, std::size_t nonce,
                               std::size_t plaintext, std::size_t sealed) noexcept {
  const bool nonce_fits = aead == AeadId::kAes128GcmSiv ? nonce == kGcmSivNonceLength
                                                        : nonce != 0 && nonce <= kBlockLength;
  return nonce_fits && key == key_length(aead) && data <= kLongestLane &&
         plaintext <= kLongestLane && sealed == plaintext + kTagLength;
}

template <typename Operation>
[[nodiscard]] bool fits(const Operation& operation) noexcept {
  return fits(operation.aead, operation.key.size(), operation.associated_data.size(),
              operation.nonce.size(), operation.plaintext.size(), operation.sealed.size());
}

[[nodiscard]] inline bool fits(const CookieOpening& opening) noexcept {
  return opening.key != nullptr && opening.cookie.nonce.size() == kCookieNonceLength &&
         opening.cookie.sealed.size() == kTagLength + 2 * key_length(opening.cookie.aead);
}

[[nodiscard]] inline bool fits(const CookieSealing& sealing) noexcept {
  return sealing.key != nullptr && sealing.keys.size() == 2 * key_length(sealing.aead) &&
         sealing.cookie.size() == cookie_length(sealing.aead);
}

// Where the tag and the ciphertext of a message are.
template <typename Octets>
struct Sealed {
  Sealed(AeadId aead, Octets sealed) noexcept
      : tag{aead == AeadId::kAesSivCmac256 ? sealed.first(kTagLength) : sealed.last(kTagLength)},
        text{aead == AeadId::kAesSivCmac256 ? sealed.subspan(kTagLength)
                                            : sealed.first(sealed.size() - kTagLength)} {}
  Octets tag;
  Octets text;
};

inline void zero(std::span<std::byte> octets) noexcept { std::ranges::fill(octets, std::byte{0}); }

}  // namespace pollux::nts
