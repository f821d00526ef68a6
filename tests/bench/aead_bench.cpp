// Time of NTS' cryptography, by Google Benchmark, for each back end. items_per_second counts
// cookies or packets, of `request` whole requests: cookies opened, requests verified, new cookies
// sealed, answers sealed, each step for a batch at once as nts/core/ntp_stage.h does.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "nts/aead/reference.h"
#if POLLUX_HAS_IPSEC_MB
#include "nts/aead/ipsec_mb.h"
#endif
#if POLLUX_HAS_LOCKSTEP
#include "nts/aead/lockstep.h"
#endif

namespace {

using pollux::nts::Aead;
using pollux::nts::AeadId;
using pollux::nts::CookieKey;
using pollux::nts::CookieOpening;
using pollux::nts::CookieSealing;
using pollux::nts::Opening;
using pollux::nts::Sealing;

using Bytes = std::vector<std::byte>;

// Header and unique identifier are authenticated in both directions, in the request also the cookie
// and its placeholders; a field has four octets before its content.
constexpr std::size_t kResponseData = 48 + 36;
constexpr std::size_t kFieldHeader = 4;

Bytes some_bytes(std::size_t count) {
  static unsigned state = 1;
  Bytes bytes(count);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>((state = state * 1'664'525 + 1'013'904'223) >> 24U);
  return bytes;
}

CookieKey some_key() {
  CookieKey key{.id = 1};
  std::ranges::copy(some_bytes(key.key.size()), key.key.begin());
  return key;
}

// Requests of as many clients, each of whom asks for `cookies`, and what is needed to answer them.
class Requests {
 public:
  Requests(AeadId aead, std::size_t count, std::size_t cookies);

  // Whether everything was good.
  bool answer(Aead& back_end);
  bool open_cookies(Aead& back_end);
  bool verify(Aead& back_end);
  bool mint(Aead& back_end) { return back_end.seal_cookies(mints_); }
  bool seal(Aead& back_end) { return back_end.seal(responses_); }

 private:
  struct Client {
    Bytes true_keys, keys, cookie, nonce, request_data, tag, response_data, plaintext, sealed;
  };

  void add(Client& client, AeadId aead, std::size_t cookies);

  CookieKey key_ = some_key();
  std::vector<Client> clients_;
  std::vector<CookieOpening> cookies_;
  std::vector<Opening> requests_;
  std::vector<CookieSealing> mints_;
  std::vector<Sealing> responses_;
};

Requests::Requests(AeadId aead, std::size_t count, std::size_t cookies) : clients_(count) {
  for (Client& client : clients_) add(client, aead, cookies);
}

void Requests::add(Client& client, AeadId aead, std::size_t cookies) {
  const std::size_t key_length = pollux::nts::key_length(aead);
  const std::size_t field = kFieldHeader + pollux::nts::cookie_length(aead);
  client.true_keys = some_bytes(2 * key_length);
  client.keys.resize(2 * pollux::nts::kLongestKey);
  client.cookie = some_bytes(pollux::nts::cookie_length(aead));
  client.nonce = some_bytes(aead == AeadId::kAesSivCmac256 ? 16 : 12);
  client.request_data = some_bytes(kResponseData + cookies * field);
  client.tag.resize(pollux::nts::kTagLength);
  client.response_data = some_bytes(kResponseData);
  client.plaintext = some_bytes(cookies * field);
  client.sealed.resize(client.plaintext.size() + pollux::nts::kTagLength);
  pollux::nts::ReferenceAead reference;
  const CookieSealing sealing{
      .key = &key_, .aead = aead, .keys = client.true_keys, .cookie = client.cookie};
  const Sealing request{.aead = aead,
                        .key = std::span{client.true_keys}.first(key_length),
                        .associated_data = client.request_data,
                        .nonce = client.nonce,
                        .sealed = client.tag};
  if (!reference.seal_cookies(std::span{&sealing, 1}) || !reference.seal(std::span{&request, 1}))
    throw std::runtime_error{"no request"};
  const std::span keys = std::span{client.keys}.first(2 * key_length);
  cookies_.push_back(
      {.key = &key_, .cookie = *pollux::nts::parse_cookie(client.cookie), .keys = client.keys});
  requests_.push_back({.aead = aead,
                       .key = keys.first(key_length),
                       .associated_data = client.request_data,
                       .nonce = client.nonce,
                       .sealed = client.tag});
  for (std::size_t i = 0; i < cookies; ++i)
    mints_.push_back({.key = &key_,
                      .aead = aead,
                      .keys = keys,
                      .cookie = std::span{client.plaintext}.subspan(
                          i * field + kFieldHeader, pollux::nts::cookie_length(aead))});
  responses_.push_back({.aead = aead,
                        .key = keys.last(key_length),
                        .associated_data = client.response_data,
                        .nonce = client.nonce,
                        .plaintext = client.plaintext,
                        .sealed = client.sealed});
}

bool Requests::open_cookies(Aead& back_end) {
  back_end.open_cookies(cookies_);
  return std::ranges::all_of(cookies_, &CookieOpening::good);
}

bool Requests::verify(Aead& back_end) {
  back_end.open(requests_);
  return std::ranges::all_of(requests_, &Opening::good);
}

bool Requests::answer(Aead& back_end) {
  return open_cookies(back_end) && verify(back_end) && mint(back_end) && seal(back_end);
}

using Step = bool (Requests::*)(Aead& back_end);
using Make = std::unique_ptr<Aead> (*)();

struct Case {
  Make make;
  AeadId aead;
  std::size_t batch;
  std::size_t cookies;
};

void run(benchmark::State& state, const Case& shape, Step step, std::size_t items) {
  const auto back_end = shape.make();
  Requests requests{shape.aead, shape.batch, shape.cookies};
  if (!requests.answer(*back_end)) return state.SkipWithError("the first answers are not good");
  for (auto _ : state) {
    if (!(requests.*step)(*back_end)) return state.SkipWithError("something is not good");
    benchmark::ClobberMemory();
  }
  state.SetLabel(std::string{back_end->name()});
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(items), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

void add_cases(const std::string& name, Make make) {
  for (const auto& [aead, aead_name] :
       {std::pair{AeadId::kAesSivCmac256, "15"}, std::pair{AeadId::kAes128GcmSiv, "30"}}) {
    const auto add = [&](const char* what, Step step, std::size_t batch, std::size_t cookies,
                         std::size_t items) {
      const Case shape{.make = make, .aead = aead, .batch = batch, .cookies = cookies};
      const std::string full_name = std::string{what} + "/" + name + "/aead:" + aead_name +
                                    "/batch:" + std::to_string(batch) +
                                    "/cookies:" + std::to_string(cookies);
      benchmark::RegisterBenchmark(
          full_name.c_str(), [=](benchmark::State& state) { run(state, shape, step, items); });
    };
    for (const std::size_t batch : {1U, 8U, 32U})
      for (const std::size_t cookies : {1U, 8U})
        add("request", &Requests::answer, batch, cookies, batch);
    add("open_cookie", &Requests::open_cookies, 8, 1, 8);
    add("verify", &Requests::verify, 8, 1, 8);
    add("mint_cookie", &Requests::mint, 8, 1, 8);
    add("seal", &Requests::seal, 8, 1, 8);
  }
}

template <typename BackEnd, auto... kArguments>
std::unique_ptr<Aead> make() {
  return std::make_unique<BackEnd>(kArguments...);
}

// A path that this processor has not is left out.
template <typename BackEnd, auto kPath>
void add_path(const char* name) {
  try {
    const BackEnd probe{kPath};
  } catch (const std::runtime_error&) {
    return;
  }
  add_cases(name, make<BackEnd, kPath>);
}

#if POLLUX_HAS_IPSEC_MB
void add_ipsec_mb() {
  using pollux::nts::IpsecMbAead;
  using enum pollux::nts::IpsecMbPath;
  add_path<IpsecMbAead, kBest>("ipsec_mb");
  add_path<IpsecMbAead, kSse>("ipsec_mb_sse");
  add_path<IpsecMbAead, kAvx2>("ipsec_mb_avx2");
  add_path<IpsecMbAead, kAvx512>("ipsec_mb_avx512");
}
#endif

#if POLLUX_HAS_LOCKSTEP
void add_lockstep() {
  using pollux::nts::LockstepAead;
  using enum pollux::nts::LockstepPath;
  add_path<LockstepAead, kAesNi>("lockstep_aesni");
  add_path<LockstepAead, kVaes>("lockstep_vaes");
}
#endif

}  // namespace

int main(int argc, char** argv) {
  add_cases("reference", make<pollux::nts::ReferenceAead>);
#if POLLUX_HAS_IPSEC_MB
  add_ipsec_mb();
#endif
#if POLLUX_HAS_LOCKSTEP
  add_lockstep();
#endif
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
