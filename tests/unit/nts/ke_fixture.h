// A server of key establishment on the loopback interface, in this process, with a certificate made
// on the spot.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "nts/ke/server.h"
#include "tests/support/ke_client.h"
#include "tests/support/pem_certificate.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::nts {

// Leaves the keys in a cookie as they are, so that a test can read what was exported.
class OpenAead final : public Aead {
 public:
  void open_cookies(std::span<CookieOpening> /*openings*/) noexcept override {}
  bool seal_cookies(std::span<const CookieSealing> sealings) noexcept override {
    for (const auto& sealing : sealings) {
      const auto sealed = sealing.cookie.subspan(kCookieHeaderLength);
      std::ranges::fill(sealed, std::byte{0});
      std::ranges::copy(sealing.keys, sealed.begin() + kTagLength);
    }
    return true;
  }
  void open(std::span<Opening> /*openings*/) noexcept override {}
  bool seal(std::span<const Sealing> /*sealings*/) noexcept override { return false; }
  void fill_nonce(std::span<std::byte> nonce) noexcept override {
    std::ranges::fill(nonce, std::byte{0});
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "none"; }
};

// The files of a certificate, as an administrator would put them.
inline CertificateFiles write_files(const control::TemporaryDirectory& directory,
                                    const test::PemCertificate& pem, const std::string& name = "") {
  CertificateFiles files{.chain = directory.write(name + "chain.pem", pem.chain),
                         .private_key = directory.write(name + "key.pem", pem.key)};
  ::chmod(files.private_key.c_str(), 0600);
  return files;
}

// A ring of known keys; the current one's id is first_id + 2.
inline KeyRing known_ring(std::uint32_t first_id = 0x11223340) {
  std::array<CookieKey, kRingKeys> keys;
  for (std::uint32_t i = 0; i < kRingKeys; ++i) {
    keys[i].id = first_id + i;
    keys[i].key.fill(static_cast<std::byte>(i + 1));
  }
  return *KeyRing::from_keys(keys);
}

class KeServer {
 public:
  explicit KeServer(ServerSettings settings = {}) {
    pem_ = test::make_certificate();
    const auto certificate = Certificate::load(write_files(directory_, pem_));
    EXPECT_TRUE(certificate) << certificate.error();
    context_.certificate = *certificate;
    context_.ring = known_ring();
    settings.port = 0;
    if (settings.addresses.empty()) settings.addresses = {"127.0.0.1"};
    auto& admission = settings.limits.admission;
    if (admission == AdmissionSettings{}) admission.sessions_per_address = 0;
    if (!settings.make_aead) settings.make_aead = [] { return std::make_unique<OpenAead>(); };
    auto server = Server::open(settings);
    EXPECT_TRUE(server) << server.error();
    server_ = std::move(*server);
    server_->start(std::make_shared<const Context>(context_));
  }

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Context& context() { return context_; }
  void apply() { server_->apply(std::make_shared<const Context>(context_)); }
  [[nodiscard]] const control::TemporaryDirectory& directory() const { return directory_; }
  [[nodiscard]] const test::PemCertificate& pem() const { return pem_; }

  [[nodiscard]] std::unique_ptr<test::KeClient> client(const test::KeClientOptions& options = {},
                                                       const std::string& address = "127.0.0.1") {
    return std::make_unique<test::KeClient>(test::connect_to(address, server_->port()), options);
  }

  // The answer to a request over a connection of its own.
  test::KeClient::Heard ask(const test::Octets& request, std::size_t part = 16384) {
    const auto one = client();
    if (!one->handshake() || !one->send(request, part)) return {};
    return one->hear();
  }

  [[nodiscard]] std::uint64_t count(Count which) const {
    return value_of(server_->counts(), which);
  }

  // Whether the counter has reached the value within some seconds.
  [[nodiscard]] bool reaches(Count which, std::uint64_t value) const {
    return soon([&] { return count(which) >= value; });
  }
  [[nodiscard]] bool settles() const {
    return soon([&] { return server_->open_sessions() == 0; });
  }

  static bool soon(const auto& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
  }

 private:
  control::TemporaryDirectory directory_;
  test::PemCertificate pem_;
  Context context_;
  std::unique_ptr<Server> server_;
};

}  // namespace pollux::nts
