// AES-SIV-CMAC-256 (RFC 5297) of a few messages side by side, by ipsec-mb. Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "nts/aead/imb_block.h"
#include "nts/aead/imb_cmac.h"
#include "nts/aead/imb_manager.h"

namespace pollux::nts {

struct ImbSivKey {
  ImbCmacKey mac;
  AesSchedule counter;
  Vector zero_mac;  // CMAC of the zero block, which every S2V begins with
};

// A key of cookies, which is kept.
struct ImbCookieKey {
  ImbSivKey siv;
  Vector sum;  // S2V's, of the empty associated data that a cookie has: see nts/core/cookie.h
};

// One message, from `in` to as many octets at `out`, which do not overlap or are the same.
struct ImbSivLane {
  std::span<const std::byte> secret;  // 2 * kAes128KeyLength octets; for expand() alone
  std::span<const std::byte> associated_data;
  std::span<const std::byte> nonce;  // 1 to kBlockLength octets
  std::span<const std::byte> in;
  std::byte* out = nullptr;
  const ImbSivKey* key = nullptr;
  bool good = false;  // result of open()
  Vector sum;         // S2V's after the associated data, and once doubled
  Vector tag;         // made by seal(), and held against the right one by open()
};

// At most kLanes messages at a time, none of their parts longer than kLongestLane.
class ImbSiv {
 public:
  explicit ImbSiv(ImbManager& manager) noexcept : manager_{manager}, cmac_{manager} {}

  // Expands the secret of lane i to keys[i]. What only encryption needs is left out where there is
  // nothing to encrypt.
  void expand(std::span<ImbSivLane> lanes, std::span<ImbSivKey> keys) const noexcept;

  // Expands a key of cookies whole.
  void expand(std::span<const std::byte> secret, ImbCookieKey& key) noexcept;

  // Sets the sums.
  void add_associated_data(std::span<ImbSivLane> lanes) noexcept;

  void seal(std::span<ImbSivLane> lanes) noexcept;
  void open(std::span<ImbSivLane> lanes) noexcept;

 private:
  // Makes MACs that are the tags. The plaintext is at `out` when a lane was opened.
  void run_tags(std::span<ImbSivLane> lanes, bool are_opened) noexcept;
  void counter_mode(std::span<const ImbSivLane> lanes) noexcept;

  ImbManager& manager_;
  ImbCmac cmac_;
  std::array<ImbCmacLane, kLanes> macs_;
};

}  // namespace pollux::nts
