// All that an answer depends on, immutable and replaced as a whole: the control thread stores, a
// session takes the one in force when it needs it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "nts/core/ke_response.h"
#include "nts/core/key_ring.h"
#include "nts/ke/certificate.h"

namespace pollux::nts {

struct Context {
  std::shared_ptr<const Certificate> certificate;  // never null
  std::optional<KeyRing> ring;                     // none: requests meet an internal error
  std::size_t cookies = kMostCookies;              // of an answer, 1 to kMostCookies
  std::string server;                              // NTP server; empty: the host that is asked
  std::uint16_t port = 123;
};

using ContextSlot = std::atomic<std::shared_ptr<const Context>>;

}  // namespace pollux::nts
