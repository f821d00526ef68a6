// The fields of an authenticated reply, RFC 8915 §5.7, where they lie behind the NTP header: the
// client's identifier, and one authenticator with fresh cookies inside its ciphertext. Pure; any
// thread; the octets are the caller's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/wire/extension_field.h"
#include "dataplane/wire/ntp_header.h"
#include "nts/core/aead_id.h"
#include "nts/core/cookie.h"
#include "nts/core/ntp_request.h"

namespace pollux::nts {

// RFC 8915 §5.7 and §9.1 of it: a client keeps eight.
inline constexpr std::uint16_t kMostReplyCookies = 8;

struct ReplyShape {
  AeadId aead = AeadId::kAesSivCmac256;
  std::uint16_t identifier = 0;  // octets of that field
  std::uint16_t cookies = 1;

  [[nodiscard]] constexpr std::size_t cookie_field() const noexcept {
    return wire::kFieldHeaderLength + cookie_length(aead);
  }
  [[nodiscard]] constexpr std::size_t plaintext() const noexcept {
    return cookies * cookie_field();
  }
  // Of the authenticator field.
  [[nodiscard]] constexpr std::size_t authenticator() const noexcept {
    return wire::kFieldHeaderLength + 4 + nonce_length(aead) + kTagLength + plaintext();
  }
  [[nodiscard]] constexpr std::size_t message() const noexcept {
    return wire::kNtpHeaderLength + identifier + authenticator();
  }
};

// As many cookies as the client asked for, 1 + `placeholders`, but at most eight, and no more than
// a reply of the request's length holds (RFC 8915 §5.7, §8.4).
[[nodiscard]] constexpr ReplyShape reply_shape(AeadId aead, std::size_t identifier,
                                               std::size_t placeholders,
                                               std::size_t request_length) noexcept {
  ReplyShape shape{
      .aead = aead, .identifier = static_cast<std::uint16_t>(identifier), .cookies = 0};
  const std::size_t empty = shape.message();
  const std::size_t room = request_length > empty ? request_length - empty : 0;
  const std::size_t fitting = room / shape.cookie_field();
  shape.cookies = static_cast<std::uint16_t>(
      std::min({placeholders + 1, fitting, std::size_t{kMostReplyCookies}}));
  return shape;
}

// A request that take_apart() let pass always has room for one cookie: it brought one, and a nonce
// and a tag that are no shorter than the reply's.

// Views of a reply of `shape`; `message` is its NTP header.
class ReplyFields {
 public:
  ReplyFields(std::byte* message, const ReplyShape& shape) noexcept
      : message_{message}, shape_{shape} {}

  // Writes all of the authenticator but nonce, cookies and tag.
  void write_frame() const noexcept;

  [[nodiscard]] std::span<std::byte> nonce() const noexcept {
    return {authenticator() + kNonceOffset, nonce_length(shape_.aead)};
  }
  [[nodiscard]] std::span<std::byte> cookie(std::size_t i) const noexcept {
    return {plaintext().data() + i * shape_.cookie_field() + wire::kFieldHeaderLength,
            cookie_length(shape_.aead)};
  }
  [[nodiscard]] std::span<const std::byte> associated_data() const noexcept {
    return {message_, wire::kNtpHeaderLength + shape_.identifier};
  }
  // Tag and ciphertext; the plaintext lies where its ciphertext goes, see Sealing in aead.h.
  [[nodiscard]] std::span<std::byte> sealed() const noexcept {
    return {authenticator() + kNonceOffset + nonce_length(shape_.aead),
            kTagLength + shape_.plaintext()};
  }
  [[nodiscard]] std::span<std::byte> plaintext() const noexcept {
    const std::size_t tag_first = shape_.aead == AeadId::kAesSivCmac256 ? kTagLength : 0;
    return sealed().subspan(tag_first, shape_.plaintext());
  }

 private:
  static constexpr std::size_t kNonceOffset = wire::kFieldHeaderLength + 4;

  [[nodiscard]] std::byte* authenticator() const noexcept {
    return message_ + wire::kNtpHeaderLength + shape_.identifier;
  }

  std::byte* message_;
  ReplyShape shape_;
};

}  // namespace pollux::nts
