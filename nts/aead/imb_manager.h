// What is used of Intel's ipsec-mb: single blocks of AES, and CBC, CTR, ECB and GHASH over a few
// messages. Owns the library's manager; belongs to one thread. Nothing allocates or throws after
// construction. For back ends of this folder only.
#pragma once

// Without it the header makes macros of names such as SHA1 and DES.
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "nts/aead/imb_block.h"
#include "nts/aead/ipsec_mb.h"
#include "nts/aead/lanes.h"

namespace pollux::nts {

// An expanded AES-128 key; the library wants it aligned.
struct alignas(16) AesSchedule {
  std::array<std::byte, 11 * kBlockLength> rounds;
};

// From `in` to `out`, which are the same or do not overlap.
struct Ciphering {
  const AesSchedule* key;
  const std::byte* start;  // initialisation vector or first counter
  const std::byte* in;
  std::byte* out;
  std::size_t length;  // octets
};

class ImbManager {
 public:
  explicit ImbManager(IpsecMbPath path);  // as IpsecMbAead's constructor

  // Such as "ipsec-mb 1.3.0, AVX2".
  [[nodiscard]] const std::string& description() const noexcept { return description_; }

  void expand(Aes128Key key, AesSchedule& schedule) const noexcept {
    expand_(key.data(), schedule.rounds.data());
  }

  // `block` becomes its encryption, xored with the block at `next`.
  void encrypt_and_xor(const AesSchedule& key, Vector& block,
                       const std::byte* next) const noexcept {
    manager_->aes128_cfb_one(&block, next, &block, key.rounds.data(), kBlockLength);
  }
  [[nodiscard]] Vector encrypted(const AesSchedule& key, Vector block) const noexcept {
    constexpr Block kZeros{};
    encrypt_and_xor(key, block, kZeros.data());
    return block;
  }

  // At most kLanes messages each, none of them empty; CBC takes whole blocks and encrypts. The
  // counter is big-endian, and its last 32 bits must not overflow.
  void cbc(std::span<const Ciphering> messages) noexcept { burst(messages, IMB_CIPHER_CBC); }
  void counter_mode(std::span<const Ciphering> messages) noexcept {
    burst(messages, IMB_CIPHER_CNTR);
  }

  // Each block by itself, in place; at least one.
  void ecb(const AesSchedule& key, std::span<std::byte> blocks) noexcept;

  // GHASH of whole blocks under a key, for which `scratch` is used.
  [[nodiscard]] Vector ghash(const Vector& key, std::span<const std::byte> blocks,
                             gcm_key_data& scratch) const noexcept;

  // Whether everything since the last call was done. The library has no reason to refuse what it
  // gets here; should it do so, nothing that came of it may be used.
  [[nodiscard]] bool take_soundness() noexcept { return std::exchange(is_sound_, true); }

 private:
  struct Deleter {
    void operator()(IMB_MGR* manager) const noexcept { free_mb_mgr(manager); }
  };

  void burst(std::span<const Ciphering> messages, IMB_CIPHER_MODE mode) noexcept;

  std::unique_ptr<IMB_MGR, Deleter> manager_;
  std::string description_;
  void (*expand_)(const void* key, void* schedule) = nullptr;
  std::array<IMB_JOB, kLanes> jobs_{};
  bool is_sound_ = true;
};

}  // namespace pollux::nts
