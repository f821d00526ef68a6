#include "nts/core/ntp_reply.h"

#include "dataplane/wire/be.h"

namespace pollux::nts {

void ReplyFields::write_frame() const noexcept {
  std::byte* field = authenticator();
  wire::store_be16(field, kAuthenticatorField);
  wire::store_be16(field + 2, static_cast<std::uint16_t>(shape_.authenticator()));
  // RFC 8915 §5.6: both lengths are multiples of four here, so nothing is padded.
  wire::store_be16(field + 4, static_cast<std::uint16_t>(nonce().size()));
  wire::store_be16(field + 6, static_cast<std::uint16_t>(sealed().size()));
  for (std::size_t i = 0; i < shape_.cookies; ++i) {
    std::byte* cookie_field = cookie(i).data() - wire::kFieldHeaderLength;
    wire::store_be16(cookie_field, kCookieField);
    wire::store_be16(cookie_field + 2, static_cast<std::uint16_t>(shape_.cookie_field()));
  }
}

}  // namespace pollux::nts
