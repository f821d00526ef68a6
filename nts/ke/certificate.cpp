#include "nts/ke/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <climits>
#include <ctime>
#include <string_view>
#include <utility>

#include "nts/ke/pem_file.h"
#include "nts/ke/tls_context.h"

namespace pollux::nts {

namespace {

using std::chrono::sys_seconds;

constexpr std::size_t kLongestChain = 10;
constexpr std::size_t kMostNames = 100;

std::string sentence(const std::filesystem::path& path, std::string_view what) {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  std::string text = path.string() + ": ";
  text += what;
  if (reason != nullptr) text += std::string{" ("} + reason + ")";
  return text;
}

BioPtr reader_of(const PemText& text) {
  return BioPtr{BIO_new_mem_buf(text.octets().data(), static_cast<int>(text.octets().size()))};
}

// Without this OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

bool only_end_of_text() {
  const unsigned long error = ERR_peek_last_error();
  const bool end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (end) ERR_clear_error();
  return end;
}

std::expected<std::vector<X509Ptr>, std::string> read_chain(const std::filesystem::path& path) {
  const auto text = read_pem_file(path, Privacy::kPublic);
  if (!text) return std::unexpected{text.error()};
  const BioPtr reader = reader_of(*text);
  std::vector<X509Ptr> chain;
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(certificate);
    if (chain.size() > kLongestChain)
      return std::unexpected{sentence(path, "has more certificates than a chain can need")};
  }
  if (!only_end_of_text()) return std::unexpected{sentence(path, "is damaged")};
  if (chain.empty()) return std::unexpected{sentence(path, "has no certificate in PEM form")};
  return chain;
}

std::expected<KeyPtr, std::string> read_key(const std::filesystem::path& path) {
  const auto text = read_pem_file(path, Privacy::kPrivate);
  if (!text) return std::unexpected{text.error()};
  bool encrypted = false;
  KeyPtr key{PEM_read_bio_PrivateKey(reader_of(*text).get(), nullptr, no_passphrase, &encrypted)};
  if (encrypted) {
    ERR_clear_error();
    return std::unexpected{sentence(path, "is protected by a passphrase")};
  }
  if (!key) return std::unexpected{sentence(path, "has no private key in PEM form")};
  return key;
}

sys_seconds seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

std::string subject_of(X509& certificate) {
  const BioPtr writer{BIO_new(BIO_s_mem())};
  if (!writer ||
      X509_NAME_print_ex(writer.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* text = nullptr;
  const long length = BIO_get_mem_data(writer.get(), &text);
  return {text, static_cast<std::size_t>(std::max(length, 0L))};
}

std::string address_text(std::string_view octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (octets.size() != 4 && octets.size() != 16) return {};
  return ::inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr ? "" : text.data();
}

std::string name_text(const GENERAL_NAME& name) {
  int type = 0;
  const void* const value = GENERAL_NAME_get0_value(&name, &type);
  if (type != GEN_DNS && type != GEN_IPADD) return {};
  const auto* string = static_cast<const ASN1_STRING*>(value);
  const std::string_view octets{reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                                static_cast<std::size_t>(ASN1_STRING_length(string))};
  return type == GEN_DNS ? std::string{octets} : address_text(octets);
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>> alternatives{
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  const int count = std::min<int>(sk_GENERAL_NAME_num(alternatives.get()), kMostNames);
  for (int i = 0; i < count; ++i) {
    auto text = name_text(*sk_GENERAL_NAME_value(alternatives.get(), i));
    if (!text.empty()) names.push_back(std::move(text));
  }
  return names;
}

std::optional<std::string> put_in(SSL_CTX& context, const CertificateFiles& files,
                                  const std::vector<X509Ptr>& chain, EVP_PKEY& key) {
  if (SSL_CTX_use_certificate(&context, chain.front().get()) != 1)
    return sentence(files.chain, "the certificate cannot be used");
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(&context, chain[i].get()) != 1)
      return sentence(files.chain, "a certificate of the chain cannot be used");
  }
  if (X509_check_private_key(chain.front().get(), &key) != 1) {
    ERR_clear_error();
    return sentence(files.private_key,
                    "does not fit the first certificate of " + files.chain.string());
  }
  if (SSL_CTX_use_PrivateKey(&context, &key) != 1)
    return sentence(files.private_key, "the private key cannot be used");
  return std::nullopt;
}

}  // namespace

std::expected<std::shared_ptr<const Certificate>, std::string> Certificate::load(
    const CertificateFiles& files) {
  ERR_clear_error();
  const auto chain = read_chain(files.chain);
  if (!chain) return std::unexpected{chain.error()};
  const auto key = read_key(files.private_key);
  if (!key) return std::unexpected{key.error()};
  SslContextPtr context = make_tls_context();
  if (!context) return std::unexpected{sentence(files.chain, "OpenSSL gives no TLS context")};
  if (auto fault = put_in(*context, files, *chain, **key)) return std::unexpected{*fault};
  X509& own = *chain->front();
  CertificateFacts facts{.subject = subject_of(own), .names = names_of(own)};
  facts.not_before = seconds_of(X509_get0_notBefore(&own));
  facts.not_after = seconds_of(X509_get0_notAfter(&own));
  return std::shared_ptr<const Certificate>{
      new Certificate{files, std::move(facts), std::move(context)}};
}

std::optional<std::string> Certificate::date_trouble(sys_seconds now) const {
  const auto day = [](sys_seconds time) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    return std::to_string(int{date.year()}) + "-" +
           std::to_string(100 + unsigned{date.month()}).substr(1) + "-" +
           std::to_string(100 + unsigned{date.day()}).substr(1);
  };
  if (now >= facts_.not_after)
    return files_.chain.string() + ": the certificate expired on " + day(facts_.not_after);
  if (now < facts_.not_before)
    return files_.chain.string() + ": the certificate is not valid before " +
           day(facts_.not_before);
  return std::nullopt;
}

}  // namespace pollux::nts
