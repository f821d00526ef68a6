#include "nts/aead/ipsec_mb.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "nts/aead/cookie_keys.h"
#include "nts/aead/imb_gcm_siv.h"
#include "nts/aead/imb_lanes.h"
#include "nts/aead/imb_siv.h"
#include "nts/aead/reference.h"

namespace pollux::nts {

namespace {

template <typename Lane>
void finish_openings(Group<Lane, Opening>& group, bool is_sound) noexcept {
  for (std::size_t i = 0; i < group.size(); ++i) {
    Opening& opening = group.operation(i);
    opening.good = group.lanes()[i].good && is_sound;
    if (!opening.good) zero(opening.plaintext);
  }
  group.clear();
}

template <typename Lane>
bool finish_sealings(Group<Lane, const Sealing>& group, bool is_sound) noexcept {
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Sealing& sealing = group.operation(i);
    store_block(Sealed{sealing.aead, sealing.sealed}.tag.data(), group.lanes()[i].tag);
    if (!is_sound) zero(sealing.sealed);
  }
  group.clear();
  return is_sound;
}

}  // namespace

struct IpsecMbAead::Parts {
  explicit Parts(IpsecMbPath path) : manager{path} {}

  // Work a group off and leave it empty. The seals: true when the library did all it was asked to.
  void open(Group<ImbSivLane, Opening>& group) noexcept;
  void open(Group<ImbGcmSivLane, Opening>& group) noexcept;
  void open(Group<ImbSivLane, CookieOpening>& group) noexcept;
  [[nodiscard]] bool seal(Group<ImbSivLane, const Sealing>& group) noexcept;
  [[nodiscard]] bool seal(Group<ImbGcmSivLane, const Sealing>& group) noexcept;
  [[nodiscard]] bool seal(Group<ImbSivLane, const CookieSealing>& group) noexcept;

  const ImbCookieKey& add_cookie_key(const CookieKey& key) noexcept;
  void expand_keys(std::span<ImbSivLane> lanes) noexcept;
  void forget_keys() noexcept;

  ReferenceAead reference;
  ImbManager manager;
  ImbSiv siv{manager};
  ImbGcmSiv gcm_siv{manager};
  CookieKeys<ImbCookieKey> cookie_keys;
  std::array<ImbSivKey, kLanes> keys;  // of clients, during a call
  std::size_t keys_used = 0;
  Group<ImbSivLane, Opening> siv_openings;
  Group<ImbSivLane, const Sealing> siv_sealings;
  Group<ImbGcmSivLane, Opening> gcm_siv_openings;
  Group<ImbGcmSivLane, const Sealing> gcm_siv_sealings;
  Group<ImbSivLane, CookieOpening> cookie_openings;
  Group<ImbSivLane, const CookieSealing> cookie_sealings;
};

const ImbCookieKey& IpsecMbAead::Parts::add_cookie_key(const CookieKey& key) noexcept {
  ImbCookieKey& place = cookie_keys.add(key);
  siv.expand(key.key, place);
  return place;
}

void IpsecMbAead::Parts::expand_keys(std::span<ImbSivLane> lanes) noexcept {
  siv.expand(lanes, keys);
  keys_used = std::max(keys_used, lanes.size());
}

void IpsecMbAead::Parts::forget_keys() noexcept {
  explicit_bzero(keys.data(), keys_used * sizeof keys[0]);
  keys_used = 0;
  gcm_siv.forget_keys();
}

void IpsecMbAead::Parts::open(Group<ImbSivLane, Opening>& group) noexcept {
  expand_keys(group.lanes());
  siv.add_associated_data(group.lanes());
  siv.open(group.lanes());
  finish_openings(group, manager.take_soundness());
}

void IpsecMbAead::Parts::open(Group<ImbGcmSivLane, Opening>& group) noexcept {
  gcm_siv.open(group.lanes());
  finish_openings(group, manager.take_soundness());
}

void IpsecMbAead::Parts::open(Group<ImbSivLane, CookieOpening>& group) noexcept {
  siv.open(group.lanes());
  const bool is_sound = manager.take_soundness();
  for (std::size_t i = 0; i < group.size(); ++i) {
    CookieOpening& opening = group.operation(i);
    opening.good = group.lanes()[i].good && is_sound;
    zero(opening.keys.subspan(opening.good ? 2 * key_length(opening.cookie.aead) : 0));
  }
  group.clear();
}

bool IpsecMbAead::Parts::seal(Group<ImbSivLane, const Sealing>& group) noexcept {
  expand_keys(group.lanes());
  siv.add_associated_data(group.lanes());
  siv.seal(group.lanes());
  return finish_sealings(group, manager.take_soundness());
}

bool IpsecMbAead::Parts::seal(Group<ImbGcmSivLane, const Sealing>& group) noexcept {
  gcm_siv.seal(group.lanes());
  return finish_sealings(group, manager.take_soundness());
}

bool IpsecMbAead::Parts::seal(Group<ImbSivLane, const CookieSealing>& group) noexcept {
  siv.seal(group.lanes());
  const bool is_sound = manager.take_soundness();
  for (std::size_t i = 0; i < group.size(); ++i) {
    const auto cookie = group.operation(i).cookie;
    store_block(cookie.data() + kCookieHeaderLength, group.lanes()[i].tag);
    if (!is_sound) zero(cookie);
  }
  group.clear();
  return is_sound;
}

IpsecMbAead::IpsecMbAead(IpsecMbPath path) : parts_{std::make_unique<Parts>(path)} {}
IpsecMbAead::~IpsecMbAead() = default;

void IpsecMbAead::fill_nonce(std::span<std::byte> nonce) noexcept {
  parts_->reference.fill_nonce(nonce);
}

std::string_view IpsecMbAead::name() const noexcept { return parts_->manager.description(); }

void IpsecMbAead::open(std::span<Opening> openings) noexcept {
  Parts& parts = *parts_;
  auto& sivs = parts.siv_openings;
  auto& gcm_sivs = parts.gcm_siv_openings;
  for (Opening& opening : openings) {
    if (!fits(opening)) {
      parts.reference.open(std::span{&opening, 1});
    } else if (opening.aead == AeadId::kAes128GcmSiv) {
      gcm_sivs.add(lane_of<ImbGcmSivLane>(opening), opening);
      if (gcm_sivs.is_full()) parts.open(gcm_sivs);
    } else {
      sivs.add(lane_of<ImbSivLane>(opening), opening);
      if (sivs.is_full()) parts.open(sivs);
    }
  }
  parts.open(sivs);
  parts.open(gcm_sivs);
  parts.forget_keys();
}

bool IpsecMbAead::seal(std::span<const Sealing> sealings) noexcept {
  Parts& parts = *parts_;
  auto& sivs = parts.siv_sealings;
  auto& gcm_sivs = parts.gcm_siv_sealings;
  bool all = true;
  for (const Sealing& sealing : sealings) {
    if (!fits(sealing)) {
      all &= parts.reference.seal(std::span{&sealing, 1});
    } else if (sealing.aead == AeadId::kAes128GcmSiv) {
      gcm_sivs.add(lane_of<ImbGcmSivLane>(sealing), sealing);
      if (gcm_sivs.is_full()) all &= parts.seal(gcm_sivs);
    } else {
      sivs.add(lane_of<ImbSivLane>(sealing), sealing);
      if (sivs.is_full()) all &= parts.seal(sivs);
    }
  }
  all &= parts.seal(sivs);
  all &= parts.seal(gcm_sivs);
  parts.forget_keys();
  return all;
}

// A key that has to be expanded may take the place of another, which lanes that wait still need.
void IpsecMbAead::open_cookies(std::span<CookieOpening> openings) noexcept {
  Parts& parts = *parts_;
  auto& group = parts.cookie_openings;
  for (CookieOpening& opening : openings) {
    if (!fits(opening)) {
      parts.reference.open_cookies(std::span{&opening, 1});
      continue;
    }
    const ImbCookieKey* key = parts.cookie_keys.find(*opening.key);
    if (key == nullptr) {
      parts.open(group);
      key = &parts.add_cookie_key(*opening.key);
    }
    group.add(lane_of(opening, *key), opening);
    if (group.is_full()) parts.open(group);
  }
  parts.open(group);
}

bool IpsecMbAead::seal_cookies(std::span<const CookieSealing> sealings) noexcept {
  Parts& parts = *parts_;
  auto& group = parts.cookie_sealings;
  bool all = true;
  for (const CookieSealing& sealing : sealings) {
    if (!fits(sealing)) {
      all &= parts.reference.seal_cookies(std::span{&sealing, 1});
      continue;
    }
    const ImbCookieKey* key = parts.cookie_keys.find(*sealing.key);
    if (key == nullptr) {
      all &= parts.seal(group);
      key = &parts.add_cookie_key(*sealing.key);
    }
    group.add(lane_of(sealing, *key), sealing);
    if (group.is_full()) all &= parts.seal(group);
  }
  all &= parts.seal(group);
  return all;
}

}  // namespace pollux::nts
