// Certificates and keys made on the spot, as the text of PEM files. For tests only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace pollux::test {

struct CertificateRequest {
  std::string key = "P-256";  // or P-384, ED25519, RSA-1024, RSA-2048
  std::string common_name = "ke.example";
  std::vector<std::string> names = {"DNS:ke.example", "IP:127.0.0.1"};  // as in openssl.cnf
  std::chrono::seconds begins = -std::chrono::hours{1};                 // from now
  std::chrono::seconds ends = std::chrono::days{30};
  std::string passphrase;  // of the key; empty: none
};

struct PemCertificate {
  std::string chain;      // the server's certificate, and that of the authority which signed it
  std::string key;        // of the first
  std::string authority;  // the second by itself
};

// Ends the program where OpenSSL refuses.
[[nodiscard]] PemCertificate make_certificate(const CertificateRequest& request = {});

}  // namespace pollux::test
