// Writes valid requests from many clients into a capture file, for drivers and generators that
// replay one: plain ones, or with NTS, under cookies of a server's key file.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nts/aead/reference.h"
#include "nts/core/key_file.h"
#include "tests/bench/sample_frames.h"
#include "tests/support/nts_message.h"
#include "tests/support/pcap_file.h"

namespace {

using namespace pollux;

struct Options {
  std::string file;
  std::uint32_t first = 0;
  std::uint32_t count = 1024;
  bench::Shape shape = bench::Shape::kIpv4;
  std::string key_file;       // empty: plain requests
  std::uint32_t cookies = 1;  // that each client asks for
  nts::AeadId aead = nts::AeadId::kAesSivCmac256;
};

nts::KeyRing read_keys(const std::string& path) {
  std::ifstream stream{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
  const auto keys = nts::parse_key_file(text);
  if (!keys) {
    throw std::runtime_error(path + " line " + std::to_string(keys.error().line) + ": " +
                             std::string{keys.error().problem});
  }
  return keys->ring;
}

// Every client has keys, a cookie and a transmit timestamp of its own.
class NtsClients {
 public:
  explicit NtsClients(const Options& options)
      : options_{options}, ring_{read_keys(options.key_file)} {}

  test::Bytes request(std::uint32_t number) {
    const auto client = test::make_client(aead_, ring_, random_, options_.aead);
    test::Bytes message = bench::sample_request(number);
    test::append(message,
                 test::field(nts::kUniqueIdentifierField, test::random_bytes(random_, 32)));
    test::append(message, test::cookie(client.cookie));
    for (std::uint32_t i = 1; i < options_.cookies; ++i)
      test::append(message, test::placeholder(client.cookie.size()));
    return client.sign(aead_, std::move(message),
                       test::random_bytes(random_, nts::nonce_length(options_.aead)));
  }

 private:
  const Options& options_;
  nts::KeyRing ring_;
  nts::ReferenceAead aead_;
  test::Random random_{1};
};

void write(const Options& options) {
  std::optional<NtsClients> clients;
  if (!options.key_file.empty()) clients.emplace(options);
  std::vector<test::Octets> frames;
  for (std::uint32_t number = options.first; number < options.first + options.count; ++number) {
    const auto message = clients ? clients->request(number) : bench::sample_request(number);
    frames.push_back(test::octets_of(bench::sample_frame(options.shape, number, message)));
  }
  test::write_pcap_file(options.file, frames);
  std::error_code error;
  if (std::filesystem::file_size(options.file, error) == 0 || error)
    throw std::runtime_error(options.file + " cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"writes requests into a capture file"};
  bool is_ipv6 = false;
  bool is_gcm_siv = false;
  app.add_option("file", options.file, "the capture")->required();
  app.add_option("--count", options.count, "how many clients")->check(CLI::Range(1, 32'768));
  app.add_option("--first", options.first, "number of the first client")
      ->check(CLI::Range(0, 32'767));
  app.add_flag("--ipv6", is_ipv6);
  app.add_option("--keys", options.key_file, "NTS, under the current key of this key file");
  app.add_option("--cookies", options.cookies, "asked for with NTS")->check(CLI::Range(1, 8));
  app.add_flag("--gcm-siv", is_gcm_siv, "AEAD 30 instead of 15");
  CLI11_PARSE(app, argc, argv);
  if (is_ipv6) options.shape = bench::Shape::kIpv6;
  if (is_gcm_siv) options.aead = nts::AeadId::kAes128GcmSiv;
  try {
    write(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_pcap: %s\n", error.what());
    return 1;
  }
  return 0;
}
