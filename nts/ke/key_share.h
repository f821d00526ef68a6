// The key_share extension of a ClientHello (RFC 8446 §4.2.8). Any thread.
#pragma once

#include <cstddef>
#include <span>

namespace pollux::nts {

// Whether the client has sent a share for X25519. `extension` is the extension's data, from a
// client: what is no proper list has none.
[[nodiscard]] bool has_x25519_share(std::span<const std::byte> extension) noexcept;

}  // namespace pollux::nts
