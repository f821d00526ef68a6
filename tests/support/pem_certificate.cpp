#include "tests/support/pem_certificate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace pollux::test {

namespace {

template <typename T, auto kFree>
using Owned = std::unique_ptr<T, decltype([](T* object) { kFree(object); })>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Memory = Owned<BIO, BIO_free_all>;

template <typename T>
T* good(T* object) {
  if (object != nullptr) return object;
  ERR_print_errors_fp(stderr);
  std::abort();
}
void good(bool result) { good(result ? "" : nullptr); }

Key make_key(const std::string& kind) {
  if (kind == "RSA-1024") return Key{good(EVP_RSA_gen(1024))};
  if (kind == "RSA-2048") return Key{good(EVP_RSA_gen(2048))};
  if (kind == "ED25519") return Key{good(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))};
  return Key{good(EVP_EC_gen(kind.c_str()))};
}

void add_extension(X509& certificate, int which, const std::string& value) {
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension{
      good(X509V3_EXT_conf_nid(nullptr, nullptr, which, value.c_str()))};
  good(X509_add_ext(&certificate, extension.get(), -1) == 1);
}

void set_time(ASN1_TIME* time, std::chrono::seconds from_now) {
  good(X509_gmtime_adj(time, from_now.count()));
}

Certificate unsigned_certificate(EVP_PKEY& key, const std::string& name) {
  Certificate made{good(X509_new())};
  X509_set_version(made.get(), X509_VERSION_3);
  long serial = 0;
  good(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 4) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_set_pubkey(made.get(), &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return made;
}

void sign(X509& certificate, X509& issuer, EVP_PKEY& key) {
  X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
  const bool no_digest = EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519;
  good(X509_sign(&certificate, &key, no_digest ? nullptr : EVP_sha256()) > 0);
}

std::string text_of(const Memory& memory) {
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string pem_of(X509& certificate) {
  const Memory memory{good(BIO_new(BIO_s_mem()))};
  good(PEM_write_bio_X509(memory.get(), &certificate) == 1);
  return text_of(memory);
}

std::string pem_of(EVP_PKEY& key, const std::string& passphrase) {
  const Memory memory{good(BIO_new(BIO_s_mem()))};
  const auto* octets = reinterpret_cast<const unsigned char*>(passphrase.data());
  good(PEM_write_bio_PrivateKey(memory.get(), &key,
                                passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
                                passphrase.empty() ? nullptr : octets,
                                static_cast<int>(passphrase.size()), nullptr, nullptr) == 1);
  return text_of(memory);
}

}  // namespace

PemCertificate make_certificate(const CertificateRequest& request) {
  const Key authority_key = make_key("P-256");
  const Certificate authority = unsigned_certificate(*authority_key, "throw-away authority");
  set_time(X509_getm_notBefore(authority.get()), -std::chrono::hours{24});
  set_time(X509_getm_notAfter(authority.get()), std::chrono::days{3650});
  add_extension(*authority, NID_basic_constraints, "critical,CA:TRUE");
  sign(*authority, *authority, *authority_key);

  const Key key = make_key(request.key);
  const Certificate own = unsigned_certificate(*key, request.common_name);
  set_time(X509_getm_notBefore(own.get()), request.begins);
  set_time(X509_getm_notAfter(own.get()), request.ends);
  std::string names;
  for (const auto& name : request.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(*own, NID_subject_alt_name, names);
  sign(*own, *authority, *authority_key);
  return {.chain = pem_of(*own) + pem_of(*authority),
          .key = pem_of(*key, request.passphrase),
          .authority = pem_of(*authority)};
}

}  // namespace pollux::test
