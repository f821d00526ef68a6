#include "nts/core/ntp_request.h"

#include <algorithm>

#include "dataplane/wire/be.h"
#include "dataplane/wire/extension_field.h"
#include "dataplane/wire/ntp_header.h"

namespace pollux::nts {

namespace {

using responder::Verdict;

// A cookie field too short for a key id and a nonce is no cookie of anybody's.
constexpr std::size_t kShortestCookie = kCookieHeaderLength;

constexpr std::size_t kAuthenticatorHeaderLength = 4;  // lengths of nonce and ciphertext

constexpr std::size_t padded(std::size_t length) noexcept { return (length + 3) / 4 * 4; }

// RFC 8915 §5.6: so much room for a nonce must be in a client's authenticator that the answer's
// fits.
constexpr std::size_t required_nonce_room(std::size_t cookie_octets) noexcept {
  if (cookie_octets == cookie_length(AeadId::kAes128GcmSiv)) return 12;
  return cookie_octets == cookie_length(AeadId::kAesSivCmac256) ? 16 : 0;
}

// The body of an authenticator. Its lengths are the client's word until they are checked here.
bool read_authenticator(std::span<const std::byte> body, NtpRequest& request) noexcept {
  if (body.size() < kAuthenticatorHeaderLength) return false;
  const std::size_t nonce = wire::load_be16(body.data());
  const std::size_t sealed = wire::load_be16(body.data() + 2);
  if (nonce == 0 || sealed < kTagLength) return false;
  const std::size_t room = std::max(padded(nonce), required_nonce_room(request.cookie.size()));
  if (kAuthenticatorHeaderLength + room + padded(sealed) > body.size()) return false;
  request.nonce = body.subspan(kAuthenticatorHeaderLength, nonce);
  request.sealed = body.subspan(kAuthenticatorHeaderLength + padded(nonce), sealed);
  return true;
}

// RFC 8915 §5.7: what follows the authenticator is not authenticated and is not looked at, but that
// there is only one.
bool has_authenticator(std::span<const std::byte> rest) noexcept {
  for (int fields = 0; fields < responder::kMaximumFields; ++fields) {
    const auto field = wire::read_field(rest);
    if (!field) return false;
    if (field->type == kAuthenticatorField) return true;
    rest = rest.subspan(field->whole.size());
  }
  return false;
}

// One walk over the fields up to the authenticator.
class Walk {
 public:
  explicit Walk(NtpRequest& request) noexcept : request_{request} {}

  [[nodiscard]] bool take(const wire::ExtensionField& field) noexcept {
    const auto body = field.body();
    switch (field.type) {
      case kUniqueIdentifierField: {  // exactly one (§5.7) of at least 32 octets (§5.3)
        const bool is_first = request_.identifier.empty();
        request_.identifier = field.whole;
        return is_first && body.size() >= responder::kMinimumIdentifierBody;
      }
      case kCookieField: {  // exactly one (§5.7)
        const bool is_first = request_.cookie.empty();
        request_.cookie = body;
        return is_first && body.size() >= kShortestCookie;
      }
      case kPlaceholderField: {  // as long as the cookie, wherever that stands (§5.5)
        const bool is_alike = request_.placeholders == 0 || body.size() == placeholder_octets_;
        placeholder_octets_ = body.size();
        ++request_.placeholders;
        return is_alike;
      }
      default:
        return true;  // unknown: authenticated with the rest, and otherwise ignored (RFC 7822 §3)
    }
  }

  [[nodiscard]] bool is_complete() const noexcept {
    return !request_.identifier.empty() && !request_.cookie.empty();
  }
  [[nodiscard]] bool has_alike_placeholders() const noexcept {
    return request_.placeholders == 0 || placeholder_octets_ == request_.cookie.size();
  }

 private:
  NtpRequest& request_;
  std::size_t placeholder_octets_ = 0;
};

}  // namespace

Verdict take_apart(std::span<const std::byte> message, NtpRequest& request) noexcept {
  request = {};
  Walk walk{request};
  auto rest = message.subspan(wire::kNtpHeaderLength);
  for (int fields = 0; fields < responder::kMaximumFields; ++fields) {
    // An authenticator has at least 4 + 4 + 12 + 16 octets, so what is too short for a last field
    // is none, and a MAC cannot stand before one.
    if (wire::classify_trailer(rest.size()) != wire::TrailerKind::kField)
      return Verdict::drop_nts_incomplete;
    const auto field = wire::read_field(rest);
    if (!field) return Verdict::drop_malformed;
    rest = rest.subspan(field->whole.size());
    if (field->type != kAuthenticatorField) {
      if (!walk.take(*field)) return Verdict::drop_nts_malformed;
      continue;
    }
    if (!walk.is_complete()) return Verdict::drop_nts_incomplete;
    if (!walk.has_alike_placeholders() || !read_authenticator(field->body(), request) ||
        has_authenticator(rest))
      return Verdict::drop_nts_malformed;
    const auto before = static_cast<std::size_t>(field->whole.data() - message.data());
    request.associated_data = message.first(before);
    return Verdict::reply_nts;
  }
  return Verdict::drop_too_many_fields;
}

std::optional<std::uint16_t> count_placeholders(std::span<const std::byte> plaintext,
                                                std::size_t cookie_octets) noexcept {
  std::uint16_t count = 0;
  for (auto rest = plaintext; !rest.empty();) {
    if (rest.size() < wire::kFieldHeaderLength) return std::nullopt;
    const std::uint16_t type = wire::load_be16(rest.data());
    const std::size_t length = wire::load_be16(rest.data() + 2);
    if (length < wire::kFieldHeaderLength || length % 4 != 0 || length > rest.size())
      return std::nullopt;
    switch (type) {
      case kUniqueIdentifierField:  // §5.3, §5.4: never encrypted in a request
      case kCookieField:
      case kAuthenticatorField:  // §5.6: never inside itself
        return std::nullopt;
      case kPlaceholderField:
        if (length - wire::kFieldHeaderLength != cookie_octets) return std::nullopt;
        ++count;
        break;
      default:
        break;
    }
    rest = rest.subspan(length);
  }
  return count;
}

}  // namespace pollux::nts
