// What the back end in lock-step (lockstep.h) has done by the code for one kind of processor. Pure;
// any thread. Only plain data, nothing inline: units that are compiled for newer processors than
// the rest include this, and the linker keeps one copy of an inline function for all.
#pragma once

#include <cstddef>

namespace pollux::nts {

// Messages that are worked on side by side.
inline constexpr std::size_t kLockstepLanes = 8;

// A key of AES-SIV-CMAC-256, expanded to be used often.
struct LockstepKey {
  static constexpr std::size_t kBlock = 16;
  static constexpr std::size_t kRounds = 11;

  alignas(kBlock) std::byte mac[kRounds][kBlock];
  alignas(kBlock) std::byte counter[kRounds][kBlock];
  alignas(kBlock) std::byte full[kBlock];  // K1 of RFC 4493 §2.3: joins a last block that is full
  alignas(kBlock) std::byte partial[kBlock];  // K2: joins one that is filled up
  alignas(kBlock) std::byte sum[kBlock];      // S2V's after empty associated data, and once doubled
};

// One message, from `in` to as many octets at `out`, which do not overlap or are the same. A tag is
// read to open, and written to seal.
struct LockstepLane {
  const std::byte* secret = nullptr;  // of a client: 32 octets for AES-SIV, 16 for AES-GCM-SIV
  const LockstepKey* key = nullptr;   // of a cookie, which has no associated data
  const std::byte* associated_data = nullptr;
  std::size_t data_length = 0;
  const std::byte* nonce = nullptr;
  std::size_t nonce_length = 0;  // 1 to 16 for AES-SIV; 12 for AES-GCM-SIV
  const std::byte* in = nullptr;
  std::byte* out = nullptr;
  std::size_t length = 0;
  std::byte* tag = nullptr;  // 16 octets
  bool good = false;         // result of opening
};

// Each takes 1 to kLockstepLanes lanes where there is room for all, and leaves copies in the idle
// ones. Of clients' keys nothing is left when a call returns.
struct LockstepEngine {
  using Work = void (*)(LockstepLane* lanes, std::size_t count) noexcept;

  void (*expand)(const std::byte* secret, LockstepKey& key) noexcept;  // 32 octets
  Work open_cookies;
  Work seal_cookies;
  Work open_siv;
  Work seal_siv;
  Work open_gcm_siv;
  Work seal_gcm_siv;
};

extern const LockstepEngine kLockstepAesNi;  // AES-NI, PCLMULQDQ and AVX
extern const LockstepEngine kLockstepVaes;   // VAES, VPCLMULQDQ and AVX2 beside those

}  // namespace pollux::nts
