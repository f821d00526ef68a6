// AES-128-GCM-SIV (RFC 8452) of a few messages, composed from ipsec-mb's AES and GHASH, as the
// library does not have it. Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "nts/aead/imb_block.h"
#include "nts/aead/imb_cmac.h"
#include "nts/aead/imb_manager.h"

namespace pollux::nts {

// One message, from `in` to as many octets at `out`, which do not overlap or are the same.
struct ImbGcmSivLane {
  std::span<const std::byte> secret;  // kAes128KeyLength octets
  std::span<const std::byte> nonce;   // kGcmSivNonceLength octets
  std::span<const std::byte> associated_data;
  std::span<const std::byte> in;
  std::byte* out = nullptr;
  bool good = false;  // result of open()
  Vector tag;         // made by seal(), and held against the right one by open()
};

// At most kLanes messages at a time, none of their parts longer than kLongestLane.
class ImbGcmSiv {
 public:
  explicit ImbGcmSiv(ImbManager& manager) noexcept : manager_{manager} {}

  void seal(std::span<ImbGcmSivLane> lanes) noexcept;
  void open(std::span<ImbGcmSivLane> lanes) noexcept;

  // Leaves nothing of the keys of all lanes since the last call.
  void forget_keys() noexcept;

 private:
  // What is made for one key and nonce (RFC 8452 §4).
  struct Keys {
    AesSchedule generating;
    AesSchedule encryption;
    Vector authentication;  // as a key of GHASH
  };

  void derive_keys(std::span<const ImbGcmSivLane> lanes) noexcept;
  [[nodiscard]] Vector tag_of(const ImbGcmSivLane& lane, const Keys& keys,
                              std::span<const std::byte> plaintext) noexcept;
  void counter_mode(const ImbGcmSivLane& lane, const Keys& keys) noexcept;

  ImbManager& manager_;
  std::array<Keys, kLanes> keys_;
  std::size_t keys_used_ = 0;
  gcm_key_data powers_;  // of one authentication key
  std::array<std::byte, 2 * kLongestLane + kBlockLength> blocks_;
};

}  // namespace pollux::nts
