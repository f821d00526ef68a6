#include "nts/ke/key_share.h"

#include "dataplane/wire/be.h"

namespace pollux::nts {

namespace {

constexpr std::size_t kLength = 2;       // of the field with the octets of what follows it
constexpr std::size_t kGroup = 2;        // of the field with the group's number
constexpr std::uint16_t kX25519 = 0x1d;  // RFC 8446 §4.2.7

}  // namespace

bool has_x25519_share(std::span<const std::byte> extension) noexcept {
  if (extension.size() < kLength || wire::load_be16(extension.data()) != extension.size() - kLength)
    return false;
  auto shares = extension.subspan(kLength);
  while (shares.size() >= kGroup + kLength) {
    const std::uint16_t group = wire::load_be16(shares.data());
    const std::size_t share = kGroup + kLength + wire::load_be16(shares.data() + kGroup);
    if (share > shares.size()) return false;
    if (group == kX25519) return true;
    shares = shares.subspan(share);
  }
  return false;
}

}  // namespace pollux::nts
