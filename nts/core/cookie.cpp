#include "nts/core/cookie.h"

#include <algorithm>

#include "dataplane/wire/be.h"

namespace pollux::nts {

namespace {

std::optional<AeadId> aead_of_length(std::size_t length) noexcept {
  for (const AeadId id : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv})
    if (length == cookie_length(id)) return id;
  return std::nullopt;
}

}  // namespace

std::optional<CookieView> parse_cookie(std::span<const std::byte> octets) noexcept {
  const auto aead = aead_of_length(octets.size());
  if (!aead) return std::nullopt;
  return CookieView{
      .aead = *aead,
      .key_id = wire::load_be32(octets.data()),
      .nonce = octets.subspan<kCookieIdLength, kCookieNonceLength>(),
      .sealed = octets.subspan(kCookieHeaderLength),
  };
}

void write_cookie_header(std::span<std::byte, kCookieHeaderLength> cookie, std::uint32_t key_id,
                         std::span<const std::byte, kCookieNonceLength> nonce) noexcept {
  wire::store_be32(cookie.data(), key_id);
  std::ranges::copy(nonce, cookie.subspan<kCookieIdLength>().begin());
}

}  // namespace pollux::nts
