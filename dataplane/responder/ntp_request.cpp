#include "dataplane/responder/ntp_request.h"

#include <span>

#include "dataplane/wire/extension_field.h"

namespace pollux::responder {

namespace {

// Rest of a packet that is a key identifier and the digest of SHA-256 in full, though it is long
// enough to be a field.
constexpr std::size_t kLongMacLength = 36;

// Before version 4 there are no extension fields (RFC 1305 appendix C): a MAC, or nothing that is
// known.
Verdict classify_old_trailer(std::size_t octets) noexcept {
  const bool is_mac = wire::classify_trailer(octets) == wire::TrailerKind::kMac || octets == 12 ||
                      octets == kLongMacLength;
  return is_mac ? Verdict::drop_mac_unsupported : Verdict::drop_malformed;
}

constexpr bool is_of_nts(std::uint16_t type) noexcept {
  return type == kNtsCookie || type == kNtsPlaceholder || type == kNtsAuthenticator;
}

// RFC 8915 §5 is about client and server mode. What the fields are worth is for nts/core to say.
Verdict classify_nts(const Packet& packet) noexcept {
  const bool is_to_server = wire::mode_of(packet.reply_flags) == wire::kModeServer;
  return is_to_server ? Verdict::reply_nts : Verdict::drop_mode;
}

}  // namespace

Verdict classify_trailer_of(Packet& packet, const std::byte* ntp, std::size_t length,
                            const PortPolicy& policy) noexcept {
  const std::span<const std::byte> message{ntp, length};
  auto rest = message.subspan(wire::kNtpHeaderLength);
  if (wire::version_of(packet.reply_flags) < 4) return classify_old_trailer(rest.size());
  for (int fields = 0;; ++fields) {
    switch (wire::classify_trailer(rest.size())) {
      case wire::TrailerKind::kEnd:
        return Verdict::reply_plain;
      case wire::TrailerKind::kMac:
        return Verdict::drop_mac_unsupported;
      case wire::TrailerKind::kMalformed:
        return Verdict::drop_malformed;
      case wire::TrailerKind::kField:
        break;
    }
    const auto field = wire::read_field(rest);
    if (!field) {
      return rest.size() == kLongMacLength ? Verdict::drop_mac_unsupported
                                           : Verdict::drop_malformed;
    }
    if (fields == kMaximumFields) return Verdict::drop_too_many_fields;
    if (policy.answers_nts() && is_of_nts(field->type)) return classify_nts(packet);
    if (field->type == kUniqueIdentifier) {
      // RFC 8915 §5.3 and §5.7: at most one, of at least 32 octets.
      const bool repeated = packet.echo_length != 0;
      if (repeated || field->body().size() < kMinimumIdentifierBody) return Verdict::drop_malformed;
      packet.echo_offset = static_cast<std::uint16_t>(field->whole.data() - ntp);
      packet.echo_length = static_cast<std::uint16_t>(field->whole.size());
    }
    rest = rest.subspan(field->whole.size());
  }
}

}  // namespace pollux::responder
