#include "nts/aead/lockstep.h"

#include <stdexcept>

#include "nts/aead/cookie_keys.h"
#include "nts/aead/lanes.h"
#include "nts/aead/lockstep_engine.h"
#include "nts/aead/reference.h"

namespace pollux::nts {

namespace {

static_assert(kLanes == kLockstepLanes);

struct Choice {
  const LockstepEngine* engine;
  std::string_view name;
};

bool has_aes_ni() {
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0 &&
         __builtin_cpu_supports("avx") != 0;
}
bool has_vaes() {
  return has_aes_ni() && __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("vaes") != 0 && __builtin_cpu_supports("vpclmulqdq") != 0;
}

Choice choice_for(LockstepPath path) {
  if (path != LockstepPath::kAesNi && has_vaes()) return {&kLockstepVaes, "lock-step, VAES"};
  if (path == LockstepPath::kVaes)
    throw std::runtime_error{"this processor has no VAES with AVX2, which lock-step needs"};
  if (!has_aes_ni())
    throw std::runtime_error{
        "this processor has no AES-NI with PCLMULQDQ and AVX, which lock-step needs"};
  return {&kLockstepAesNi, "lock-step, AES-NI"};
}

LockstepLane lane_of(const Opening& opening) noexcept {
  const Sealed parts{opening.aead, opening.sealed};
  // Only read, as it is opened.
  auto* const tag = const_cast<std::byte*>(parts.tag.data());
  return {.secret = opening.key.data(),
          .associated_data = opening.associated_data.data(),
          .data_length = opening.associated_data.size(),
          .nonce = opening.nonce.data(),
          .nonce_length = opening.nonce.size(),
          .in = parts.text.data(),
          .out = opening.plaintext.data(),
          .length = parts.text.size(),
          .tag = tag};
}

LockstepLane lane_of(const Sealing& sealing) noexcept {
  const Sealed parts{sealing.aead, sealing.sealed};
  return {.secret = sealing.key.data(),
          .associated_data = sealing.associated_data.data(),
          .data_length = sealing.associated_data.size(),
          .nonce = sealing.nonce.data(),
          .nonce_length = sealing.nonce.size(),
          .in = sealing.plaintext.data(),
          .out = parts.text.data(),
          .length = parts.text.size(),
          .tag = parts.tag.data()};
}

LockstepLane lane_of(const CookieOpening& opening, const LockstepKey& key) noexcept {
  const Sealed parts{AeadId::kAesSivCmac256, opening.cookie.sealed};
  // Only read, as it is opened.
  auto* const tag = const_cast<std::byte*>(parts.tag.data());
  return {.key = &key,
          .nonce = opening.cookie.nonce.data(),
          .nonce_length = kCookieNonceLength,
          .in = parts.text.data(),
          .out = opening.keys.data(),
          .length = parts.text.size(),
          .tag = tag};
}

LockstepLane lane_of(const CookieSealing& sealing, const LockstepKey& key) noexcept {
  return {.key = &key,
          .nonce = sealing.cookie.data() + kCookieIdLength,
          .nonce_length = kCookieNonceLength,
          .in = sealing.keys.data(),
          .out = sealing.cookie.data() + kCookieHeaderLength + kTagLength,
          .length = sealing.keys.size(),
          .tag = sealing.cookie.data() + kCookieHeaderLength};
}

// Works a group off and leaves it empty.
template <typename Operation>
void seal(LockstepEngine::Work work, Group<LockstepLane, Operation>& group) noexcept {
  if (group.size() == 0) return;
  work(group.lanes().data(), group.size());
  group.clear();
}

void open(LockstepEngine::Work work, Group<LockstepLane, Opening>& group) noexcept {
  if (group.size() == 0) return;
  work(group.lanes().data(), group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    Opening& opening = group.operation(i);
    opening.good = group.lanes()[i].good;
    if (!opening.good) zero(opening.plaintext);
  }
  group.clear();
}

void open(LockstepEngine::Work work, Group<LockstepLane, CookieOpening>& group) noexcept {
  if (group.size() == 0) return;
  work(group.lanes().data(), group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    CookieOpening& opening = group.operation(i);
    opening.good = group.lanes()[i].good;
    zero(opening.keys.subspan(opening.good ? 2 * key_length(opening.cookie.aead) : 0));
  }
  group.clear();
}

}  // namespace

struct LockstepAead::Parts {
  explicit Parts(LockstepPath path) : choice{choice_for(path)} {}

  const LockstepKey& add_cookie_key(const CookieKey& key) noexcept {
    LockstepKey& place = cookie_keys.add(key);
    choice.engine->expand(key.key.data(), place);
    return place;
  }

  Choice choice;
  ReferenceAead reference;
  CookieKeys<LockstepKey> cookie_keys;
  Group<LockstepLane, Opening> siv_openings;
  Group<LockstepLane, Opening> gcm_siv_openings;
  Group<LockstepLane, const Sealing> siv_sealings;
  Group<LockstepLane, const Sealing> gcm_siv_sealings;
  Group<LockstepLane, CookieOpening> cookie_openings;
  Group<LockstepLane, const CookieSealing> cookie_sealings;
};

LockstepAead::LockstepAead(LockstepPath path) : parts_{std::make_unique<Parts>(path)} {}
LockstepAead::~LockstepAead() = default;

void LockstepAead::fill_nonce(std::span<std::byte> nonce) noexcept {
  parts_->reference.fill_nonce(nonce);
}

std::string_view LockstepAead::name() const noexcept { return parts_->choice.name; }

void LockstepAead::open(std::span<Opening> openings) noexcept {
  Parts& parts = *parts_;
  const LockstepEngine& engine = *parts.choice.engine;
  for (Opening& opening : openings) {
    if (!fits(opening)) {
      parts.reference.open(std::span{&opening, 1});
      continue;
    }
    const bool is_gcm_siv = opening.aead == AeadId::kAes128GcmSiv;
    auto& group = is_gcm_siv ? parts.gcm_siv_openings : parts.siv_openings;
    group.add(lane_of(opening), opening);
    if (group.is_full()) nts::open(is_gcm_siv ? engine.open_gcm_siv : engine.open_siv, group);
  }
  nts::open(engine.open_siv, parts.siv_openings);
  nts::open(engine.open_gcm_siv, parts.gcm_siv_openings);
}

bool LockstepAead::seal(std::span<const Sealing> sealings) noexcept {
  Parts& parts = *parts_;
  const LockstepEngine& engine = *parts.choice.engine;
  bool all = true;
  for (const Sealing& sealing : sealings) {
    if (!fits(sealing)) {
      all &= parts.reference.seal(std::span{&sealing, 1});
      continue;
    }
    const bool is_gcm_siv = sealing.aead == AeadId::kAes128GcmSiv;
    auto& group = is_gcm_siv ? parts.gcm_siv_sealings : parts.siv_sealings;
    group.add(lane_of(sealing), sealing);
    if (group.is_full()) nts::seal(is_gcm_siv ? engine.seal_gcm_siv : engine.seal_siv, group);
  }
  nts::seal(engine.seal_siv, parts.siv_sealings);
  nts::seal(engine.seal_gcm_siv, parts.gcm_siv_sealings);
  return all;
}

// A key that has to be expanded may take the place of another, which lanes that wait still need.
void LockstepAead::open_cookies(std::span<CookieOpening> openings) noexcept {
  Parts& parts = *parts_;
  const LockstepEngine::Work work = parts.choice.engine->open_cookies;
  auto& group = parts.cookie_openings;
  for (CookieOpening& opening : openings) {
    if (!fits(opening)) {
      parts.reference.open_cookies(std::span{&opening, 1});
      continue;
    }
    const LockstepKey* key = parts.cookie_keys.find(*opening.key);
    if (key == nullptr) {
      nts::open(work, group);
      key = &parts.add_cookie_key(*opening.key);
    }
    group.add(lane_of(opening, *key), opening);
    if (group.is_full()) nts::open(work, group);
  }
  nts::open(work, group);
}

bool LockstepAead::seal_cookies(std::span<const CookieSealing> sealings) noexcept {
  Parts& parts = *parts_;
  const LockstepEngine::Work work = parts.choice.engine->seal_cookies;
  auto& group = parts.cookie_sealings;
  bool all = true;
  for (const CookieSealing& sealing : sealings) {
    if (!fits(sealing)) {
      all &= parts.reference.seal_cookies(std::span{&sealing, 1});
      continue;
    }
    const LockstepKey* key = parts.cookie_keys.find(*sealing.key);
    if (key == nullptr) {
      nts::seal(work, group);
      key = &parts.add_cookie_key(*sealing.key);
    }
    group.add(lane_of(sealing, *key), sealing);
    if (group.is_full()) nts::seal(work, group);
  }
  nts::seal(work, group);
  return all;
}

}  // namespace pollux::nts
