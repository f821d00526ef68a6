// AES-CMAC (RFC 4493) of a few messages side by side, by ipsec-mb. Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "nts/aead/imb_block.h"
#include "nts/aead/imb_manager.h"

namespace pollux::nts {

struct ImbCmacKey {
  AesSchedule aes;
  Vector full;     // K1 of RFC 4493 §2.3: joins a last block that is full
  Vector partial;  // K2: joins one that is filled up
};

// One message on its way: whole blocks where they are, then one or two that were changed.
class ImbCmacLane {
 public:
  void set(const ImbCmacKey& key, std::span<const std::byte> message) noexcept;

  // For the end of S2V (RFC 5297 §2.4): `plaintext` with `sum` xored onto its end, or, where it is
  // shorter than a block, filled up and with twice the sum.
  void set_with_sum(const ImbCmacKey& key, std::span<const std::byte> plaintext,
                    Vector sum) noexcept;

  [[nodiscard]] Vector mac() const noexcept { return state_; }  // after run()

 private:
  friend class ImbCmac;

  [[nodiscard]] std::size_t count() const noexcept { return whole_ + tail_count_; }
  [[nodiscard]] const std::byte* block(std::size_t index) const noexcept {
    return index < whole_ ? blocks_ + index * kBlockLength
                          : reinterpret_cast<const std::byte*>(&tail_[index - whole_]);
  }

  const ImbCmacKey* key_;
  const std::byte* blocks_;
  std::size_t whole_;
  std::size_t tail_count_;
  std::size_t next_;  // block that is not in the state yet
  std::array<Vector, 2> tail_;
  Vector state_;
};

class ImbCmac {
 public:
  explicit ImbCmac(ImbManager& manager) noexcept : manager_{manager} {}

  // The subkeys of a key that is expanded.
  void add_subkeys(ImbCmacKey& key) const noexcept;

  // Of one block, and of at most one; at once.
  [[nodiscard]] Vector of_block(const ImbCmacKey& key, Vector block) const noexcept {
    return manager_.encrypted(key.aes, block ^ key.full);
  }
  [[nodiscard]] Vector of_short(const ImbCmacKey& key,
                                std::span<const std::byte> message) const noexcept;

  // At most kLanes messages of at most kLongestLane octets.
  void run(std::span<ImbCmacLane> lanes) noexcept;

 private:
  void start(std::span<ImbCmacLane> lanes) noexcept;

  ImbManager& manager_;
  std::array<std::array<std::byte, kLongestLane>, kLanes> chained_;  // CBC's ciphertexts
};

}  // namespace pollux::nts
