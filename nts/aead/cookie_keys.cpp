#include "nts/aead/cookie_keys.h"

#include <strings.h>

namespace pollux::nts {

CookieKeys::~CookieKeys() {
  for (Place& place : places_) explicit_bzero(&place.expanded, sizeof place.expanded);
}

const ExpandedCookieKey* CookieKeys::find(const CookieKey& key) const noexcept {
  const Place& place = places_[key.id % kRingKeys];
  return place.is_used && are_equal(place.key.key, key.key) ? &place.expanded : nullptr;
}

const ExpandedCookieKey& CookieKeys::add(const CookieKey& key) noexcept {
  Place& place = places_[key.id % kRingKeys];
  place.key = key;
  place.is_used = true;
  // Something to encrypt, so that all of the key is expanded.
  ImbSivLane lane{.secret = place.key.key, .in = place.key.key};
  siv_.expand(std::span{&lane, 1}, std::span{&place.expanded.siv, 1});
  siv_.add_associated_data(std::span{&lane, 1});
  place.expanded.sum = lane.sum;
  return place.expanded;
}

}  // namespace pollux::nts
