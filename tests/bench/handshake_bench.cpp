// What a key establishment costs the server without sockets, by Google Benchmark: TLS through
// memory from the new connection to its end, keys, cookies and answer. Only the server's part is
// timed, in processor time.
#include <benchmark/benchmark.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>

#include "nts/aead/reference.h"
#include "nts/ke/answer.h"
#include "nts/ke/certificate.h"
#include "tests/support/pem_certificate.h"
#include "tests/unit/control/temporary_directory.h"

namespace {

using pollux::nts::Context;
using pollux::nts::SslContextPtr;
using pollux::nts::SslPtr;

Context make_context(const std::string& key) {
  const pollux::control::TemporaryDirectory directory;
  const auto pem = pollux::test::make_certificate({.key = key});
  const pollux::nts::CertificateFiles files{.chain = directory.write("chain.pem", pem.chain),
                                            .private_key = directory.write("key.pem", pem.key)};
  ::chmod(files.private_key.c_str(), 0600);
  auto certificate = pollux::nts::Certificate::load(files);
  if (!certificate) throw std::runtime_error{certificate.error()};
  std::array<pollux::nts::KeyRing::KeyEntropy, pollux::nts::kRingKeys> entropy;
  return {.certificate = std::move(*certificate),
          .ring = pollux::nts::KeyRing::from_entropy(entropy)};
}

// One side of a connection, with the octets that it has been sent and sends.
struct Side {
  explicit Side(SSL* connection)
      : tls{connection}, input{BIO_new(BIO_s_mem())}, output{BIO_new(BIO_s_mem())} {
    SSL_set_bio(tls.get(), input, output);
  }

  void send_to(const Side& other) const {
    char* octets = nullptr;
    const auto pending = BIO_get_mem_data(output, &octets);
    BIO_write(other.input, octets, static_cast<int>(pending));
    BIO_reset(output);
  }

  SslPtr tls;
  BIO* input;
  BIO* output;
};

class Stopwatch {
 public:
  template <typename Work>
  void time(const Work& work) {
    const double begin = now();
    work();
    seconds_ += now() - begin;
  }
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  double seconds_ = 0;
};

constexpr std::array<std::uint8_t, 16> kRequest{0x80, 1, 0, 2,  0,    0, 0x80, 4,
                                                0,    2, 0, 15, 0x80, 0, 0,    0};

bool answer(SSL& tls, const Context& context, pollux::nts::Aead& aead) {
  std::array<std::byte, 4096> octets;
  const int count = SSL_read(&tls, octets.data(), octets.size());
  if (count <= 0) return false;
  pollux::nts::KeRequestReader reader;
  reader.take(std::span{octets}.first(static_cast<std::size_t>(count)));
  if (reader.state() != pollux::nts::KeRequestReader::State::kComplete) return false;
  pollux::nts::AnswerBuffer buffer;
  const auto made = pollux::nts::make_answer(tls, reader.request(), context, aead, buffer);
  if (!made || SSL_write(&tls, made->octets.data(), static_cast<int>(made->octets.size())) <= 0)
    return false;
  SSL_shutdown(&tls);
  return true;
}

SslContextPtr make_client() {
  SslContextPtr context{SSL_CTX_new(TLS_client_method())};
  constexpr std::array<unsigned char, 8> kProtocol{7, 'n', 't', 's', 'k', 'e', '/', '1'};
  SSL_CTX_set1_groups_list(context.get(), "X25519:P-256");
  SSL_CTX_set_alpn_protos(context.get(), kProtocol.data(), kProtocol.size());
  return context;
}

void establish(benchmark::State& state, const std::string& key) {
  const Context context = make_context(key);
  const SslContextPtr clients = make_client();
  pollux::nts::ReferenceAead aead;
  for (auto _ : state) {
    const Side client{SSL_new(clients.get())};
    SSL_set_connect_state(client.tls.get());
    SSL_do_handshake(client.tls.get());
    Stopwatch stopwatch;
    std::unique_ptr<Side> server;
    stopwatch.time([&] {
      server = std::make_unique<Side>(context.certificate->new_connection().release());
      SSL_set_accept_state(server->tls.get());
      client.send_to(*server);
      SSL_do_handshake(server->tls.get());
    });
    server->send_to(client);
    SSL_do_handshake(client.tls.get());
    SSL_write(client.tls.get(), kRequest.data(), kRequest.size());
    bool good = false;
    stopwatch.time([&] {
      client.send_to(*server);
      good = SSL_do_handshake(server->tls.get()) == 1 && answer(*server->tls, context, aead);
      server.reset();
    });
    if (!good) return state.SkipWithError("no answer");
    state.SetIterationTime(stopwatch.seconds());
  }
}

BENCHMARK_CAPTURE(establish, p256, "P-256")->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(establish, rsa2048, "RSA-2048")->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
