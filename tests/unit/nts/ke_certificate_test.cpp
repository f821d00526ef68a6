#include "nts/ke/certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/support/pem_certificate.h"
#include "tests/unit/nts/ke_fixture.h"

namespace pollux::nts {
namespace {

using std::chrono::days;
using std::chrono::sys_seconds;

sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

class KeCertificate : public testing::Test {
 protected:
  // The error that these files meet; empty: none.
  static std::string error(const CertificateFiles& files) {
    const auto loaded = Certificate::load(files);
    return loaded ? "" : loaded.error();
  }

  std::string error_of(const test::CertificateRequest& request) {
    return error(write_files(directory_, test::make_certificate(request)));
  }

  control::TemporaryDirectory directory_;
  test::PemCertificate pem_ = test::make_certificate();
  CertificateFiles files_ = write_files(directory_, pem_);
};

TEST_F(KeCertificate, Facts) {
  const auto pem =
      test::make_certificate({.common_name = "Ke \xc3\xa4 one",
                              .names = {"DNS:a.example", "DNS:b.example", "IP:192.0.2.1",
                                        "IP:2001:db8::1", "email:a@b.example"}});
  const auto loaded = Certificate::load(write_files(directory_, pem));
  ASSERT_TRUE(loaded) << loaded.error();
  const CertificateFacts& facts = (*loaded)->facts();
  EXPECT_EQ(facts.subject, "CN=Ke \\C3\\A4 one");
  EXPECT_EQ(facts.names,
            (std::vector<std::string>{"a.example", "b.example", "192.0.2.1", "2001:db8::1"}));
  EXPECT_LE(std::chrono::abs(facts.not_after - now() - days{30}), std::chrono::minutes{1});
  EXPECT_LE(std::chrono::abs(now() - facts.not_before - std::chrono::hours{1}),
            std::chrono::minutes{1});
  EXPECT_EQ((*loaded)->files(), files_);
}

TEST_F(KeCertificate, KeysOfAllKinds) {
  for (const char* key : {"P-256", "P-384", "ED25519", "RSA-2048"})
    EXPECT_EQ(error_of({.key = key}), "") << key;
}

TEST_F(KeCertificate, WeakKeyIsRefused) {
  EXPECT_EQ(error_of({.key = "RSA-1024"}),
            files_.chain.string() + ": the certificate cannot be used (ee key too small)");
}

TEST_F(KeCertificate, KeyOfAnotherCertificate) {
  directory_.write("key.pem", test::make_certificate().key);
  EXPECT_EQ(error(files_), files_.private_key.string() +
                               ": does not fit the first certificate of " + files_.chain.string());
  directory_.write("key.pem", test::make_certificate({.key = "RSA-2048"}).key);
  EXPECT_NE(error(files_).find("does not fit"), std::string::npos);
}

// The authority's certificate first: a common slip.
TEST_F(KeCertificate, ChainInTheWrongOrder) {
  const std::string own = pem_.chain.substr(0, pem_.chain.size() - pem_.authority.size());
  directory_.write("chain.pem", pem_.authority + own);
  EXPECT_NE(error(files_).find("does not fit the first certificate"), std::string::npos);
}

TEST_F(KeCertificate, PassphraseIsNotAskedFor) {
  EXPECT_EQ(error_of({.passphrase = "secret"}),
            files_.private_key.string() + ": is protected by a passphrase");
}

TEST_F(KeCertificate, DamagedFiles) {
  const std::string chain = files_.chain.string();
  const std::string key = files_.private_key.string();
  struct Row {
    const char* file;
    std::string text;
    std::string error;  // its beginning
  };
  const std::string broken = pem_.chain.substr(0, 100) + '!' + pem_.chain.substr(101);
  for (const Row& row : std::initializer_list<Row>{
           {"chain.pem", "", chain + ": has no certificate in PEM form"},
           {"chain.pem", "no certificate\n", chain + ": has no certificate in PEM form"},
           {"chain.pem", pem_.key, chain + ": has no certificate in PEM form"},
           {"chain.pem", broken, chain + ": is damaged"},
           {"chain.pem", pem_.chain.substr(0, 300), chain + ": is damaged"},
           {"chain.pem", pem_.chain + broken, chain + ": is damaged"},
           {"chain.pem", std::string(1'048'577, '\n'), chain + ": is larger than 1 MiB"},
           {"key.pem", "", key + ": has no private key in PEM form"},
           {"key.pem", pem_.chain, key + ": has no private key in PEM form"},
           {"key.pem", pem_.key.substr(0, 100), key + ": has no private key in PEM form"},
           {"key.pem", std::string(1'048'577, '\n'), key + ": is larger than 1 MiB"}}) {
    write_files(directory_, pem_);
    directory_.write(row.file, row.text);
    EXPECT_TRUE(error(files_).starts_with(row.error)) << error(files_) << " not " << row.error;
  }
}

TEST_F(KeCertificate, TooManyCertificates) {
  std::string chain = pem_.chain;
  for (int i = 0; i < 9; ++i) chain += pem_.authority;
  directory_.write("chain.pem", chain);
  EXPECT_EQ(error(files_), files_.chain.string() + ": has more certificates than a chain can need");
}

// None of these may keep the control thread waiting.
TEST_F(KeCertificate, WhatIsNoFile) {
  namespace fs = std::filesystem;
  for (const auto& path : {files_.chain, files_.private_key}) {
    write_files(directory_, pem_);
    fs::remove(path);
    EXPECT_EQ(error(files_), path.string() + ": cannot be read: No such file or directory");
    fs::create_directory(path);
    EXPECT_EQ(error(files_), path.string() + ": is not a regular file");
    fs::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(error(files_), path.string() + ": is not a regular file");
    fs::remove(path);
    fs::create_symlink("/dev/zero", path);
    EXPECT_EQ(error(files_), path.string() + ": is not a regular file");
    fs::remove(path);
    fs::create_symlink(path, path);
    EXPECT_NE(error(files_).find("cannot be read"), std::string::npos);
    fs::remove(path);
  }
}

// Renewal programs put links to the newest files there.
TEST_F(KeCertificate, LinksAreFollowed) {
  std::filesystem::create_symlink(files_.chain, directory_.path() / "chain");
  std::filesystem::create_symlink(files_.private_key, directory_.path() / "key");
  EXPECT_EQ(error({.chain = directory_.path() / "chain", .private_key = directory_.path() / "key"}),
            "");
}

TEST_F(KeCertificate, KeyMustBePrivate) {
  for (const unsigned mode : {0604U, 0602U, 0601U, 0644U, 0666U}) {
    ::chmod(files_.private_key.c_str(), mode);
    EXPECT_EQ(error(files_), files_.private_key.string() +
                                 ": may be used by every user of this host: take that away with "
                                 "chmod o=")
        << std::oct << mode;
  }
  for (const unsigned mode : {0600U, 0640U, 0400U, 0440U}) {
    ::chmod(files_.private_key.c_str(), mode);
    EXPECT_EQ(error(files_), "") << std::oct << mode;
  }
}

TEST_F(KeCertificate, Dates) {
  const auto loaded = Certificate::load(files_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->date_trouble(now()), std::nullopt);
  const auto trouble = [&](sys_seconds time) { return (*loaded)->date_trouble(time).value_or(""); };
  const auto& facts = (*loaded)->facts();
  EXPECT_EQ(trouble(facts.not_before), "");
  EXPECT_EQ(trouble(facts.not_after - std::chrono::seconds{1}), "");
  EXPECT_TRUE(trouble(facts.not_after)
                  .starts_with(files_.chain.string() + ": the certificate expired on 2"))
      << trouble(facts.not_after);
  EXPECT_TRUE(trouble(facts.not_before - std::chrono::seconds{1})
                  .starts_with(files_.chain.string() + ": the certificate is not valid before 2"));
  const auto expired = Certificate::load(write_files(
      directory_, test::make_certificate({.begins = -days{10}, .ends = -std::chrono::hours{1}})));
  ASSERT_TRUE(expired) << expired.error();
  EXPECT_NE((*expired)->date_trouble(now()), std::nullopt);
}

}  // namespace
}  // namespace pollux::nts
