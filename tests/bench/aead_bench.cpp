// Time of NTS' cryptography, by Google Benchmark: what one request and its answer need, and what
// one key establishment needs. items_per_second counts cookies or packets.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <vector>

#include "nts/aead/reference.h"

namespace {

using pollux::nts::AeadId;
using pollux::nts::CookieKey;
using pollux::nts::CookieOpening;
using pollux::nts::CookieSealing;
using pollux::nts::Opening;
using pollux::nts::ReferenceAead;
using pollux::nts::Sealing;

constexpr std::size_t kCookies = 8;  // of one key establishment

// Lengths of a packet with one cookie: header, unique identifier and cookie are authenticated in
// the request, header and unique identifier in the response, which has a new cookie encrypted.
struct Shape {
  AeadId aead;
  std::size_t nonce;
  std::size_t request_data;
  std::size_t response_plaintext;
};
constexpr Shape kSiv{AeadId::kAesSivCmac256, 16, 188, 104};
constexpr Shape kGcmSiv{AeadId::kAes128GcmSiv, 12, 156, 72};
constexpr std::size_t kResponseData = 84;

void finish(benchmark::State& state, std::size_t items) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(items));
}

struct Cookies {
  explicit Cookies(AeadId aead) : keys(2 * pollux::nts::key_length(aead), std::byte{7}) {
    key.key.fill(std::byte{9});
    for (auto& cookie : cookies) cookie.assign(pollux::nts::cookie_length(aead), std::byte{5});
    for (std::size_t i = 0; i < kCookies; ++i)
      sealings.push_back({.key = &key, .aead = aead, .keys = keys, .cookie = cookies[i]});
  }

  CookieKey key{.id = 1};
  std::vector<std::byte> keys;
  std::array<std::vector<std::byte>, kCookies> cookies;
  std::vector<CookieSealing> sealings;
};

void seal_cookies(benchmark::State& state, const Shape& shape) {
  Cookies cookies{shape.aead};
  ReferenceAead back_end;
  for (auto _ : state) {
    if (!back_end.seal_cookies(cookies.sealings)) return state.SkipWithError("nothing was sealed");
    benchmark::ClobberMemory();
  }
  finish(state, kCookies);
}

void open_cookies(benchmark::State& state, const Shape& shape) {
  Cookies cookies{shape.aead};
  ReferenceAead back_end;
  std::array<std::array<std::byte, 64>, kCookies> keys{};
  std::vector<CookieOpening> openings;
  if (!back_end.seal_cookies(cookies.sealings)) return state.SkipWithError("nothing was sealed");
  for (std::size_t i = 0; i < kCookies; ++i)
    openings.push_back({.key = &cookies.key,
                        .cookie = *pollux::nts::parse_cookie(cookies.cookies[i]),
                        .keys = keys[i]});
  for (auto _ : state) {
    back_end.open_cookies(openings);
    benchmark::ClobberMemory();
  }
  if (!std::ranges::all_of(openings, &CookieOpening::good))
    state.SkipWithError("a cookie was refused");
  finish(state, kCookies);
}

// A packet under one key.
struct Packet {
  Packet(const Shape& shape, std::size_t data_length, std::size_t plaintext_length)
      : key(pollux::nts::key_length(shape.aead), std::byte{3}),
        nonce(shape.nonce, std::byte{4}),
        data(data_length),
        plaintext(plaintext_length),
        sealed(plaintext_length + pollux::nts::kTagLength),
        sealing{.aead = shape.aead,
                .key = key,
                .associated_data = data,
                .nonce = nonce,
                .plaintext = plaintext,
                .sealed = sealed} {}

  std::vector<std::byte> key;
  std::vector<std::byte> nonce;
  std::vector<std::byte> data;
  std::vector<std::byte> plaintext;
  std::vector<std::byte> sealed;
  Sealing sealing;
};

void verify_request(benchmark::State& state, const Shape& shape) {
  Packet packet{shape, shape.request_data, 0};
  ReferenceAead back_end;
  if (!back_end.seal(std::span{&packet.sealing, 1}))
    return state.SkipWithError("nothing was sealed");
  Opening opening{.aead = shape.aead,
                  .key = packet.key,
                  .associated_data = packet.data,
                  .nonce = packet.nonce,
                  .sealed = packet.sealed,
                  .plaintext = packet.plaintext};
  for (auto _ : state) {
    back_end.open(std::span{&opening, 1});
    benchmark::ClobberMemory();
  }
  if (!opening.good) state.SkipWithError("the request was refused");
  finish(state, 1);
}

void seal_response(benchmark::State& state, const Shape& shape) {
  Packet packet{shape, kResponseData, shape.response_plaintext};
  ReferenceAead back_end;
  for (auto _ : state) {
    if (!back_end.seal(std::span{&packet.sealing, 1}))
      return state.SkipWithError("nothing was sealed");
    benchmark::ClobberMemory();
  }
  finish(state, 1);
}

#define EACH_AEAD(name)                            \
  BENCHMARK_CAPTURE(name, aes_siv_cmac_256, kSiv); \
  BENCHMARK_CAPTURE(name, aes_128_gcm_siv, kGcmSiv)

EACH_AEAD(seal_cookies);
EACH_AEAD(open_cookies);
EACH_AEAD(verify_request);
EACH_AEAD(seal_response);

}  // namespace

BENCHMARK_MAIN();
