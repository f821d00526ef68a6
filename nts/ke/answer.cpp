#include "nts/ke/answer.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "nts/core/cookie.h"

namespace pollux::nts {

namespace {

// C2S and S2C of a session; wiped when they go.
struct SessionKeys {
  std::array<std::byte, 2 * kLongestKey> octets{};

  SessionKeys() = default;
  SessionKeys(const SessionKeys&) = delete;
  SessionKeys& operator=(const SessionKeys&) = delete;
  ~SessionKeys() { OPENSSL_cleanse(octets.data(), octets.size()); }
};

unsigned char* octets_of(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// RFC 8915 §4.3, §5.1: the length is an input too, so each key is exported with its own.
bool export_key(SSL& connection, const ExporterContext& context, std::span<std::byte> key) {
  return SSL_export_keying_material(
             &connection, octets_of(key), key.size(), kExporterLabel.data(), kExporterLabel.size(),
             reinterpret_cast<const unsigned char*>(context.data()), context.size(), 1) == 1;
}

bool export_keys(SSL& connection, AeadId id, bool compliant, std::span<std::byte> keys) {
  const std::size_t length = keys.size() / 2;
  return export_key(connection, exporter_context(id, compliant, Direction::kClientToServer),
                    keys.first(length)) &&
         export_key(connection, exporter_context(id, compliant, Direction::kServerToClient),
                    keys.last(length));
}

// Fills `cookies`, which is a whole number of them. Each has a nonce of its own.
bool seal_cookies(const CookieKey& key, AeadId id, std::span<const std::byte> keys, Aead& aead,
                  std::span<std::byte> cookies) {
  std::array<std::byte, kMostCookies * kCookieNonceLength> nonces;
  if (RAND_bytes(octets_of(nonces), nonces.size()) != 1) return false;
  std::array<CookieSealing, kMostCookies> sealings;
  const std::size_t length = cookie_length(id);
  const std::size_t count = cookies.size() / length;
  for (std::size_t i = 0; i < count; ++i) {
    const auto cookie = cookies.subspan(i * length, length);
    write_cookie_header(
        cookie.first<kCookieHeaderLength>(), key.id,
        std::span{nonces}.subspan(i * kCookieNonceLength).first<kCookieNonceLength>());
    sealings[i] = {.key = &key, .aead = id, .keys = keys, .cookie = cookie};
  }
  return aead.seal_cookies(std::span{sealings}.first(count));
}

}  // namespace

std::optional<Answer> make_answer(SSL& connection, const KeRequest& request, const Context& context,
                                  Aead& aead, AnswerBuffer& buffer) noexcept {
  std::array<std::byte, kMostCookies * kLongestCookie> room;
  std::span<std::byte> cookies;
  std::size_t count = 0;
  if (request.aead) {
    const AeadId id = *request.aead;
    if (!context.ring) return std::nullopt;
    SessionKeys session;
    const auto keys = std::span{session.octets}.first(2 * key_length(id));
    count = std::clamp<std::size_t>(context.cookies, 1, kMostCookies);
    cookies = std::span{room}.first(count * cookie_length(id));
    if (!export_keys(connection, id, request.compliant_gcm_siv_exporter, keys) ||
        !seal_cookies(context.ring->current(), id, keys, aead, cookies))
      return std::nullopt;
  }
  const KeResponse response{.cookies = cookies, .server = context.server, .port = context.port};
  const auto octets = write_response(request, response, buffer);
  if (!octets) return std::nullopt;
  return Answer{.octets = *octets, .cookies = count};
}

}  // namespace pollux::nts
