// A client of NTS key establishment that can misbehave, and the records of an answer. It shares
// nothing with the code under test but OpenSSL. Blocks, ten seconds at most. For tests only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/octets.h"

struct ssl_st;
struct ssl_ctx_st;

namespace pollux::test {

struct KeRecord {
  bool critical = false;
  std::uint16_t type = 0;
  Octets body;

  friend bool operator==(const KeRecord&, const KeRecord&) = default;
};

// "c1:0000 c4:000f 5:... c0:" for the records of a message; "!" where it does not end with one.
[[nodiscard]] std::string to_text(const std::vector<KeRecord>& records);
[[nodiscard]] std::vector<KeRecord> records_of(const Octets& message);
[[nodiscard]] Octets octets_of(const std::vector<KeRecord>& records);

// A record with 16-bit numbers as its body.
[[nodiscard]] KeRecord record(bool critical, std::uint16_t type,
                              const std::vector<std::uint16_t>& numbers = {});

// What ordinary clients send: NTPv4, these algorithms, the end.
[[nodiscard]] Octets usual_request(const std::vector<std::uint16_t>& algorithms = {15});

struct KeClientOptions {
  std::optional<std::string> alpn = "ntske/1";  // none: no extension at all
  bool tls12_only = false;
  std::string groups = "X25519:P-256";
  std::string cipher_suites;  // empty: OpenSSL's
  std::string authority;      // PEM; empty: any certificate is good
};

// How the server's octets ended.
enum class KeEnd : std::uint8_t { kCloseNotify, kClosed, kReset, kAlert, kTimeout };

class KeClient {
 public:
  // Takes the descriptor over.
  explicit KeClient(int socket, const KeClientOptions& options = {});
  ~KeClient();
  KeClient(const KeClient&) = delete;
  KeClient& operator=(const KeClient&) = delete;

  bool handshake();
  // In TLS records of at most `part` octets each; all that the socket does not take is lost.
  bool send(const Octets& octets, std::size_t part = 16384);
  void send_raw(const Octets& octets);  // below TLS
  void close_notify();
  void half_close();  // FIN without close_notify

  struct Heard {
    Octets octets;
    KeEnd end = KeEnd::kTimeout;
    std::string reason;  // OpenSSL's, for kAlert
  };
  Heard hear();  // all until the server ends

  // After hear(): what follows on the connection below TLS is its end, and no reset.
  bool ends_in_order();

  [[nodiscard]] Octets exported(std::uint16_t algorithm, std::uint8_t direction,
                                std::size_t length);
  [[nodiscard]] std::string cipher() const;
  [[nodiscard]] std::string reason() const { return reason_; }  // that the handshake failed
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] std::string subject() const;  // of the server's certificate
  [[nodiscard]] int chain_length() const;     // how many certificates the server sent
  [[nodiscard]] bool got_ticket() const;      // with which it could resume the session
  bool update_keys();                         // asks for the same of the server

 private:
  int socket_;
  ssl_ctx_st* context_;
  ssl_st* connection_;
  std::string reason_;
};

// A connected TCP socket; ends the program where nobody listens.
[[nodiscard]] int connect_to(const std::string& address, std::uint16_t port);

}  // namespace pollux::test
