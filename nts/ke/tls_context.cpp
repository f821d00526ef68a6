#include "nts/ke/tls_context.h"

#include <algorithm>
#include <array>

#include "nts/core/ke_response.h"
#include "nts/ke/key_share.h"

namespace pollux::nts {

namespace {

// Above the security level of OpenSSL's own default, whatever openssl.cnf says: RSA 2048, SHA-256.
constexpr int kSecurityLevel = 2;
constexpr const char* kGroups = "X25519:P-256";
constexpr const char* kCipherSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

// ALPN's list of names: the length of each in one octet before it (RFC 7301 §3.1).
constexpr auto kProtocols = [] {
  std::array<unsigned char, kAlpnProtocol.size() + 1> list{kAlpnProtocol.size()};
  std::ranges::copy(kAlpnProtocol, list.begin() + 1);
  return list;
}();

int select_protocol(SSL* /*connection*/, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned offered_length, void* /*context*/) {
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, length, kProtocols.data(), kProtocols.size(),
                                           offered, offered_length);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// OpenSSL takes the first share of the client's that it knows. Clients of GnuTLS, chronyd among
// them, send P-256 first and X25519 second, which costs this server a fifth less.
int prefer_x25519(SSL* connection, int* /*alert*/, void* /*context*/) {
  const unsigned char* data = nullptr;
  std::size_t length = 0;
  if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_key_share, &data, &length) == 1 &&
      has_x25519_share(std::as_bytes(std::span{data, length}))) {
    constexpr int kX25519[] = {NID_X25519};
    static_cast<void>(SSL_set1_groups(connection, kX25519, std::size(kX25519)));
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

}  // namespace

SslContextPtr make_tls_context() noexcept {
  SslContextPtr context{SSL_CTX_new(TLS_server_method())};
  if (!context) return nullptr;
  SSL_CTX* const it = context.get();
  SSL_CTX_set_security_level(it, kSecurityLevel);
  if (SSL_CTX_set_min_proto_version(it, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(it, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(it, kGroups) != 1 ||
      SSL_CTX_set_ciphersuites(it, kCipherSuites) != 1 || SSL_CTX_set_num_tickets(it, 0) != 1 ||
      SSL_CTX_set_max_early_data(it, 0) != 1)
    return nullptr;
  SSL_CTX_set_options(it,
                      SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(it, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(it, SSL_VERIFY_NONE, nullptr);
  // What the file has is sent, and nothing from this host's store of authorities.
  SSL_CTX_set_mode(it, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_alpn_select_cb(it, select_protocol, nullptr);
  SSL_CTX_set_client_hello_cb(it, prefer_x25519, nullptr);
  return context;
}

bool speaks_ntske(const SSL& connection) noexcept {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(&connection, &name, &length);
  return length == kAlpnProtocol.size() &&
         std::equal(name, name + length, kAlpnProtocol.begin(), kAlpnProtocol.end());
}

}  // namespace pollux::nts
