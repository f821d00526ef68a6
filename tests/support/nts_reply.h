// What a client reads in an NTS reply, with a back end of its own. For tests only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/wire/be.h"
#include "nts/core/aead.h"
#include "nts/core/cookie.h"
#include "nts/core/key_ring.h"
#include "tests/support/aead_text.h"
#include "tests/support/nts_message.h"

namespace pollux::test {

// The plaintext of a reply's authenticator, which is its last field and ends with it; nothing where
// that is not so or not authentic.
[[nodiscard]] inline std::optional<Bytes> open_reply(nts::Aead& back_end, const Client& client,
                                                     const Bytes& reply) {
  std::size_t at = 48;
  while (at + 8 <= reply.size() && wire::load_be16(reply.data() + at) != nts::kAuthenticatorField)
    at += std::max<std::size_t>(4, wire::load_be16(reply.data() + at + 2));
  if (at + 8 > reply.size()) return std::nullopt;
  const std::size_t nonce = wire::load_be16(reply.data() + at + 4);
  const std::size_t sealed = wire::load_be16(reply.data() + at + 6);
  if (at + 8 + nonce + sealed != reply.size()) return std::nullopt;
  const std::span whole{reply};
  const auto part = [&](std::size_t begin, std::size_t length) {
    const auto octets = whole.subspan(begin, length);
    return Bytes(octets.begin(), octets.end());
  };
  const Text text{.aead = client.aead,
                  .key = client.key(1),
                  .nonce = part(at + 8, nonce),
                  .associated_data = part(0, at)};
  auto [good, plaintext] = open(back_end, text, part(at + 8 + nonce, sealed));
  if (!good) return std::nullopt;
  return plaintext;
}

// The cookies in it; nothing where there is anything else.
[[nodiscard]] inline std::optional<std::vector<Bytes>> cookies_in(const Bytes& plaintext) {
  std::vector<Bytes> cookies;
  for (std::size_t i = 0; i < plaintext.size();) {
    if (i + 4 > plaintext.size() || wire::load_be16(plaintext.data() + i) != nts::kCookieField)
      return std::nullopt;
    const std::size_t length = wire::load_be16(plaintext.data() + i + 2);
    if (length < 4 || i + length > plaintext.size()) return std::nullopt;
    const auto body = std::span{plaintext}.subspan(i + 4, length - 4);
    cookies.emplace_back(body.begin(), body.end());
    i += length;
  }
  return cookies;
}

// The keys in a cookie.
[[nodiscard]] inline std::optional<Bytes> keys_in(nts::Aead& back_end, const nts::KeyRing& ring,
                                                  const Bytes& cookie) {
  const auto view = nts::parse_cookie(cookie);
  if (!view) return std::nullopt;
  Bytes keys(2 * nts::kLongestKey);
  nts::CookieOpening opening{.key = ring.find(view->key_id), .cookie = *view, .keys = keys};
  if (opening.key == nullptr) return std::nullopt;
  back_end.open_cookies({&opening, 1});
  if (!opening.good) return std::nullopt;
  keys.resize(2 * nts::key_length(view->aead));
  return keys;
}

}  // namespace pollux::test
