// The fastest back end, own code for x86-64: operations side by side, kLanes at a time, each step
// for all of them before the next. Belongs to one thread. It keeps a few cookie keys expanded; of
// clients' keys nothing is left when a call returns. What is out of the ordinary goes to the
// reference back end, with the same result.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "nts/core/aead.h"

namespace pollux::nts {

// Which instructions are used.
enum class LockstepPath : std::uint8_t { kBest, kAesNi, kVaes };

class LockstepAead final : public Aead {
 public:
  // Throws std::runtime_error, in a sentence for people, where the processor lacks instructions
  // (AES-NI, PCLMULQDQ and AVX at least) or OpenSSL refuses.
  explicit LockstepAead(LockstepPath path = LockstepPath::kBest);
  ~LockstepAead() override;

  void open_cookies(std::span<CookieOpening> openings) noexcept override;
  [[nodiscard]] bool seal_cookies(std::span<const CookieSealing> sealings) noexcept override;
  void open(std::span<Opening> openings) noexcept override;
  [[nodiscard]] bool seal(std::span<const Sealing> sealings) noexcept override;
  void fill_nonce(std::span<std::byte> nonce) noexcept override;
  [[nodiscard]] std::string_view name() const noexcept override;

 private:
  struct Parts;  // keeps the lanes out of this header
  std::unique_ptr<Parts> parts_;
};

}  // namespace pollux::nts
