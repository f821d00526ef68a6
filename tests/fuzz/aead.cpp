#include "tests/fuzz/aead.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "nts/aead/reference.h"
#include "tests/support/aead_batch.h"
#if POLLUX_HAS_IPSEC_MB
#include "nts/aead/ipsec_mb.h"
#endif
#if POLLUX_HAS_LOCKSTEP
#include "nts/aead/lockstep.h"
#endif

namespace pollux::test {

namespace {

// An input: seed and number of cookie keys, then operations of eight octets each.
constexpr std::size_t kFront = 2;
constexpr std::size_t kOperation = 8;
constexpr std::size_t kMostOperations = 12;
constexpr std::size_t kLengths = 640;  // fewer octets than that, but for one bit
constexpr std::size_t kLong = 1100;

enum Flag : std::uint8_t { kCookie = 1, kGcmSiv = 2, kDamaged = 4, kOdd = 8, kLonger = 16 };

std::uint64_t accepted = 0;

std::optional<std::size_t> damage_of(const Octets& operation) {
  if ((operation[0] & kDamaged) == 0) return std::nullopt;
  return static_cast<std::size_t>(get(operation, 6, 2));
}

void add_message(AeadBatch& batch, Random& random, const Octets& operation) {
  AeadMessage message{
      .aead =
          (operation[0] & kGcmSiv) != 0 ? nts::AeadId::kAes128GcmSiv : nts::AeadId::kAesSivCmac256,
      .damage = damage_of(operation),
  };
  const std::size_t usual_nonce = message.aead == nts::AeadId::kAes128GcmSiv ? 12 : 16;
  const std::size_t longer = (operation[0] & kLonger) != 0 ? kLong : 0;
  message.key = random.octets(nts::key_length(message.aead));
  message.nonce = random.octets((operation[0] & kOdd) != 0 ? operation[1] : usual_nonce);
  message.associated_data = random.octets(get(operation, 2, 2) % kLengths + longer);
  message.plaintext = random.octets(get(operation, 4, 2) % kLengths + longer);
  batch.messages.push_back(std::move(message));
}

void add_cookie(AeadBatch& batch, Random& random, const Octets& operation) {
  AeadCookie cookie{
      .aead =
          (operation[0] & kGcmSiv) != 0 ? nts::AeadId::kAes128GcmSiv : nts::AeadId::kAesSivCmac256,
      .key = operation[1] % batch.keys.size(),
      .damage = damage_of(operation),
      .is_key_unknown = (operation[0] & kOdd) != 0,
  };
  put32(cookie.header, batch.keys[cookie.key].id);
  put(cookie.header, random.octets(nts::kCookieNonceLength));
  cookie.keys = random.octets(2 * nts::key_length(cookie.aead));
  batch.cookies.push_back(std::move(cookie));
}

AeadBatch batch_of(const Octets& input) {
  AeadBatch batch;
  if (input.size() < kFront) return batch;
  Random random{input[0]};
  // More keys than a ring has places, so that they take each other's.
  for (std::size_t i = 0; i < 1U + input[1] % 7U; ++i) {
    batch.keys.push_back({.id = static_cast<std::uint32_t>(i)});
    std::ranges::copy(bytes_of(random.octets(nts::kCookieKeyLength)),
                      batch.keys.back().key.begin());
  }
  const std::size_t count = std::min((input.size() - kFront) / kOperation, kMostOperations);
  for (std::size_t i = 0; i < count; ++i) {
    const Octets operation = slice(input, kFront + i * kOperation, kOperation);
    if ((operation[0] & kCookie) != 0) {
      add_cookie(batch, random, operation);
    } else {
      add_message(batch, random, operation);
    }
  }
  return batch;
}

using BackEnds = std::vector<std::unique_ptr<nts::Aead>>;

template <typename BackEnd, auto kPath>
void add_back_end(BackEnds& back_ends) {
  try {
    back_ends.push_back(std::make_unique<BackEnd>(kPath));
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "a back end is left out: %s\n", error.what());
  }
}

// What this processor can run beside the reference one, or that if there is nothing.
BackEnds fast_back_ends() {
  BackEnds result;
#if POLLUX_HAS_IPSEC_MB
  add_back_end<nts::IpsecMbAead, nts::IpsecMbPath::kBest>(result);
#endif
#if POLLUX_HAS_LOCKSTEP
  add_back_end<nts::LockstepAead, nts::LockstepPath::kAesNi>(result);
  add_back_end<nts::LockstepAead, nts::LockstepPath::kVaes>(result);
#endif
  if (result.empty()) result.push_back(std::make_unique<nts::ReferenceAead>());
  return result;
}

Octets operation(unsigned flags, unsigned nonce_or_key, unsigned data, unsigned text,
                 unsigned damage = 0) {
  Octets octets;
  put8(octets, flags);
  put8(octets, nonce_or_key);
  put16(octets, data);
  put16(octets, text);
  put16(octets, damage);
  return octets;
}

Octets input_of(std::initializer_list<Octets> operations) {
  Octets input{7, 3};
  for (const Octets& each : operations) put(input, each);
  return input;
}

// As many of one operation as to fill the lanes and one more.
Octets nine(const Octets& each) {
  return input_of({each, each, each, each, each, each, each, each, each});
}

}  // namespace

std::string faults_of_aead(nts::Aead& one, nts::Aead& other, const Octets& input) {
  return AeadComparison{one, other}.faults_of(batch_of(input));
}

std::string faults_of_input(const Octets& input) {
  static const auto back_ends = fast_back_ends();
  static nts::ReferenceAead reference;
  const AeadBatch batch = batch_of(input);
  std::string faults;
  bool is_accepted = true;
  for (const auto& back_end : back_ends) {
    AeadComparison comparison{*back_end, reference};
    faults += comparison.faults_of(batch);
    is_accepted &= comparison.opened() != 0 && comparison.refused() == 0;
  }
  if (is_accepted) ++accepted;
  return faults;
}

std::uint64_t inputs_accepted() { return accepted; }

std::vector<CorpusInput> corpus_inputs() {
  const Octets request = operation(0, 0, 188, 0);
  const Octets response = operation(0, 0, 84, 104);
  const Octets request_30 = operation(kGcmSiv, 0, 156, 0);
  const Octets response_30 = operation(kGcmSiv, 0, 84, 72);
  const Octets cookie = operation(kCookie, 0, 0, 0);
  const Octets cookie_30 = operation(kCookie | kGcmSiv, 2, 0, 0);
  return {
      {"empty", {}},
      {"request", input_of({request})},
      {"response", input_of({response})},
      {"request_30", input_of({request_30})},
      {"response_30", input_of({response_30})},
      {"cookies", input_of({cookie, cookie_30, operation(kCookie, 1, 0, 0)})},
      {"requests", nine(request)},
      {"responses_30", nine(response_30)},
      {"mixed", input_of({request, response_30, cookie, response, request_30, cookie_30})},
      {"short", input_of({operation(0, 0, 0, 1), operation(0, 0, 16, 16), operation(0, 0, 1, 17),
                          operation(kGcmSiv, 0, 0, 1), operation(kGcmSiv, 0, 17, 16)})},
      {"long", input_of({operation(kLonger, 0, 435, 436), operation(kLonger, 0, 436, 437),
                         operation(kLonger | kGcmSiv, 0, 436, 436)})},
      {"nonces", input_of({operation(kOdd, 1, 8, 8), operation(kOdd, 17, 8, 8),
                           operation(kOdd, 0, 8, 8), operation(kOdd | kGcmSiv, 13, 8, 8)})},
      {"damaged", input_of({operation(kDamaged, 0, 188, 0, 3), response,
                            operation(kDamaged | kGcmSiv, 0, 84, 72, 80),
                            operation(kDamaged | kCookie, 0, 0, 0, 40), cookie,
                            operation(kCookie | kOdd, 0, 0, 0)})},
  };
}

}  // namespace pollux::test
