// Cookie keys as a back end keeps them, expanded once: a place for each of a ring. Belongs to one
// thread; wipes what it replaces, and the rest when it goes.
#pragma once

#include <strings.h>

#include <array>
#include <type_traits>

#include "nts/aead/block.h"
#include "nts/core/key_ring.h"

namespace pollux::nts {

template <typename Expanded>
class CookieKeys {
 public:
  CookieKeys() = default;
  CookieKeys(const CookieKeys&) = delete;
  CookieKeys& operator=(const CookieKeys&) = delete;
  ~CookieKeys() {
    for (Place& place : places_) explicit_bzero(&place.expanded, sizeof place.expanded);
  }

  // nullptr: not expanded yet.
  [[nodiscard]] const Expanded* find(const CookieKey& key) const noexcept {
    const Place& place = places_[key.id % kRingKeys];
    return place.is_used && are_equal(place.key.key, key.key) ? &place.expanded : nullptr;
  }

  // Takes the place of another key; valid until a next one comes there. The caller expands it.
  [[nodiscard]] Expanded& add(const CookieKey& key) noexcept {
    Place& place = places_[key.id % kRingKeys];
    place.key = key;
    place.is_used = true;
    return place.expanded;
  }

 private:
  static_assert(std::is_trivially_destructible_v<Expanded>);

  struct Place {
    bool is_used = false;
    CookieKey key;
    Expanded expanded;
  };

  std::array<Place, kRingKeys> places_{};
};

}  // namespace pollux::nts
