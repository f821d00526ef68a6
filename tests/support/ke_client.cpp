#include "tests/support/ke_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace pollux::test {

namespace {

constexpr std::string_view kLabel = "EXPORTER-network-time-security";

void trust_only(SSL_CTX* context, const std::string& authority) {
  BIO* const text = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
  X509* const certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509_free(certificate);
  BIO_free(text);
}

std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "" : reason;
}

}  // namespace

std::string to_text(const std::vector<KeRecord>& records) {
  std::string text;
  for (const auto& record : records) {
    std::string body = to_hex(record.body);
    std::erase(body, ' ');
    text += (text.empty() ? "" : " ") + std::string{record.critical ? "c" : ""} +
            std::to_string(record.type) + ":" + body;
  }
  return text;
}

std::vector<KeRecord> records_of(const Octets& message) {
  std::vector<KeRecord> records;
  std::size_t at = 0;
  while (at + 4 <= message.size()) {
    const auto type = static_cast<std::uint16_t>(get(message, at, 2));
    const auto length = static_cast<std::size_t>(get(message, at + 2, 2));
    if (at + 4 + length > message.size()) break;
    records.push_back({.critical = (type & 0x8000U) != 0,
                       .type = static_cast<std::uint16_t>(type & 0x7fffU),
                       .body = slice(message, at + 4, length)});
    at += 4 + length;
  }
  return records;
}

Octets octets_of(const std::vector<KeRecord>& records) {
  Octets message;
  for (const auto& record : records) {
    put16(message, (record.critical ? 0x8000U : 0U) | record.type);
    put16(message, record.body.size());
    put(message, record.body);
  }
  return message;
}

KeRecord record(bool critical, std::uint16_t type, const std::vector<std::uint16_t>& numbers) {
  KeRecord made{.critical = critical, .type = type};
  for (const auto number : numbers) put16(made.body, number);
  return made;
}

Octets usual_request(const std::vector<std::uint16_t>& algorithms) {
  return octets_of({record(true, 1, {0}), record(true, 4, algorithms), record(true, 0)});
}

KeClient::KeClient(int socket, const KeClientOptions& options)
    : socket_{socket}, context_{SSL_CTX_new(TLS_client_method())} {
  std::signal(SIGPIPE, SIG_IGN);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  SSL_CTX_set1_groups_list(context_, options.groups.c_str());
  if (options.tls12_only) SSL_CTX_set_max_proto_version(context_, TLS1_2_VERSION);
  if (!options.cipher_suites.empty())
    SSL_CTX_set_ciphersuites(context_, options.cipher_suites.c_str());
  if (!options.authority.empty()) trust_only(context_, options.authority);
  if (options.alpn) {
    Octets list{static_cast<std::uint8_t>(options.alpn->size())};
    list.insert(list.end(), options.alpn->begin(), options.alpn->end());
    SSL_CTX_set_alpn_protos(context_, list.data(), static_cast<unsigned>(list.size()));
  }
  connection_ = SSL_new(context_);
  SSL_set_fd(connection_, socket);
}

KeClient::~KeClient() {
  SSL_free(connection_);
  SSL_CTX_free(context_);
  ::close(socket_);
}

bool KeClient::handshake() {
  ERR_clear_error();
  if (SSL_connect(connection_) == 1) return true;
  reason_ = last_reason();
  return false;
}

bool KeClient::send(const Octets& octets, std::size_t part) {
  for (std::size_t at = 0; at < octets.size(); at += part) {
    const std::size_t count = std::min(part, octets.size() - at);
    if (SSL_write(connection_, octets.data() + at, static_cast<int>(count)) <= 0) return false;
  }
  return true;
}

void KeClient::send_raw(const Octets& octets) {
  static_cast<void>(::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL));
}

void KeClient::close_notify() { SSL_shutdown(connection_); }

void KeClient::half_close() { ::shutdown(socket_, SHUT_WR); }

KeClient::Heard KeClient::hear() {
  Heard heard;
  std::array<std::uint8_t, 4096> part{};
  while (true) {
    ERR_clear_error();
    errno = 0;
    const int count = SSL_read(connection_, part.data(), part.size());
    if (count > 0) {
      heard.octets.insert(heard.octets.end(), part.begin(), part.begin() + count);
      continue;
    }
    const int error = errno;
    switch (SSL_get_error(connection_, count)) {
      case SSL_ERROR_ZERO_RETURN:
        heard.end = KeEnd::kCloseNotify;
        return heard;
      case SSL_ERROR_SSL:
        heard.reason = last_reason();
        heard.end = heard.reason.contains("eof") ? KeEnd::kClosed : KeEnd::kAlert;
        return heard;
      default:
        heard.end = error == ECONNRESET ? KeEnd::kReset : KeEnd::kTimeout;
        return heard;
    }
  }
}

bool KeClient::ends_in_order() {
  std::array<std::uint8_t, 64> octets{};
  return ::recv(socket_, octets.data(), octets.size(), 0) == 0;
}

Octets KeClient::exported(std::uint16_t algorithm, std::uint8_t direction, std::size_t length) {
  Octets context;
  put16(context, 0);  // NTPv4
  put16(context, algorithm);
  put8(context, direction);
  Octets key(length);
  SSL_export_keying_material(connection_, key.data(), key.size(), kLabel.data(), kLabel.size(),
                             context.data(), context.size(), 1);
  return key;
}

std::string KeClient::cipher() const { return SSL_get_cipher_name(connection_); }

int KeClient::chain_length() const { return sk_X509_num(SSL_get_peer_cert_chain(connection_)); }

std::string KeClient::subject() const {
  X509* const certificate = SSL_get0_peer_certificate(connection_);
  if (certificate == nullptr) return "";
  std::array<char, 256> text{};
  X509_NAME_oneline(X509_get_subject_name(certificate), text.data(), text.size());
  return text.data();
}

bool KeClient::got_ticket() const {
  return SSL_SESSION_is_resumable(SSL_get0_session(connection_)) == 1;
}

bool KeClient::update_keys() {
  return SSL_key_update(connection_, SSL_KEY_UPDATE_REQUESTED) == 1 &&
         SSL_do_handshake(connection_) == 1;
}

int connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_in6 ipv6{};
  sockaddr_in ipv4{};
  const bool is_ipv4 = ::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1;
  ipv4.sin_family = AF_INET;
  ipv6.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr);
  ipv4.sin_port = ipv6.sin6_port = htons(port);
  const int made = ::socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int result = is_ipv4
                         ? ::connect(made, reinterpret_cast<const sockaddr*>(&ipv4), sizeof ipv4)
                         : ::connect(made, reinterpret_cast<const sockaddr*>(&ipv6), sizeof ipv6);
  if (made < 0 || result != 0) {
    std::perror("connect");
    std::abort();
  }
  const int on = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

}  // namespace pollux::test
