// The AEAD algorithms of NTS by the numbers of IANA's registry, and their sizes. Constants; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pollux::nts {

enum class AeadId : std::uint16_t {
  kAesSivCmac256 =
      15,  // AEAD_AES_SIV_CMAC_256 (RFC 5297), which every server must have (RFC 8915 §5.1)
  kAes128GcmSiv = 30,  // AEAD_AES_128_GCM_SIV (RFC 8452)
};

[[nodiscard]] constexpr std::optional<AeadId> known_aead(std::uint16_t number) noexcept {
  switch (number) {
    case 15:
      return AeadId::kAesSivCmac256;
    case 30:
      return AeadId::kAes128GcmSiv;
    default:
      return std::nullopt;
  }
}

inline constexpr std::size_t kTagLength = 16;  // of both
inline constexpr std::size_t kLongestKey = 32;

// Octets of a key: of C2S and of S2C each.
[[nodiscard]] constexpr std::size_t key_length(AeadId id) noexcept {
  return id == AeadId::kAesSivCmac256 ? 32 : 16;
}

}  // namespace pollux::nts
