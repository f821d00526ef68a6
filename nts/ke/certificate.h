// The server's certificate chain and private key as one TLS context. Built whole from two files,
// not changed after; loaded in the control thread, used by all workers.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nts/ke/openssl_ptr.h"

namespace pollux::nts {

struct CertificateFiles {
  std::filesystem::path chain;  // PEM: the server's certificate, then those that vouch for it
  std::filesystem::path private_key;

  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

// Of the server's own certificate.
struct CertificateFacts {
  std::string subject;
  std::vector<std::string> names;  // DNS names and IP addresses that it is good for
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
};

class Certificate {
 public:
  // Refuses files that cannot be used: unreadable, too large, no PEM, a key that others may read or
  // that needs a passphrase, keys too short for security level 2, a key that does not fit. The
  // error is a sentence that names the file. Dates are for the caller to judge.
  [[nodiscard]] static std::expected<std::shared_ptr<const Certificate>, std::string> load(
      const CertificateFiles& files);

  [[nodiscard]] const CertificateFiles& files() const noexcept { return files_; }
  [[nodiscard]] const CertificateFacts& facts() const noexcept { return facts_; }

  // A sentence that names the file where a certificate of the chain is not good at `now`.
  [[nodiscard]] std::optional<std::string> date_trouble(std::chrono::sys_seconds now) const;

  // A new server side of a connection; null where memory is short. Keeps what it needs of this
  // alive. Any thread.
  [[nodiscard]] SslPtr new_connection() const noexcept { return SslPtr{SSL_new(context_.get())}; }

 private:
  Certificate(CertificateFiles files, CertificateFacts facts, SslContextPtr context)
      : files_{std::move(files)}, facts_{std::move(facts)}, context_{std::move(context)} {}

  CertificateFiles files_;
  CertificateFacts facts_;
  SslContextPtr context_;
};

}  // namespace pollux::nts
