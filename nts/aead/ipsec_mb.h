// The fast back end, on Intel's ipsec-mb: operations side by side, kLanes at a time. Belongs to one
// thread. It keeps a few cookie keys expanded; of clients' keys nothing is left when a call
// returns. What is out of the ordinary goes to the reference back end, with the same result.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "nts/core/aead.h"

namespace pollux::nts {

// Which instructions the library uses.
enum class IpsecMbPath : std::uint8_t { kBest, kSse, kAvx, kAvx2, kAvx512 };

class IpsecMbAead final : public Aead {
 public:
  // Throws std::runtime_error, in a sentence for people, where the processor lacks instructions
  // (AES-NI and PCLMULQDQ at least) or a library refuses. The reference back end can be had then.
  explicit IpsecMbAead(IpsecMbPath path = IpsecMbPath::kBest);
  ~IpsecMbAead() override;

  void open_cookies(std::span<CookieOpening> openings) noexcept override;
  [[nodiscard]] bool seal_cookies(std::span<const CookieSealing> sealings) noexcept override;
  void open(std::span<Opening> openings) noexcept override;
  [[nodiscard]] bool seal(std::span<const Sealing> sealings) noexcept override;
  void fill_nonce(std::span<std::byte> nonce) noexcept override;
  [[nodiscard]] std::string_view name() const noexcept override;

 private:
  struct Parts;  // keeps the library's header out of this one
  std::unique_ptr<Parts> parts_;
};

}  // namespace pollux::nts
