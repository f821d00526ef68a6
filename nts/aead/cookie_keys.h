// Cookie keys, expanded once for ipsec-mb: a place for each of a ring. Belongs to one thread; wipes
// what it replaces, and the rest when it goes.
#pragma once

#include <array>

#include "nts/aead/imb_siv.h"
#include "nts/core/key_ring.h"

namespace pollux::nts {

struct ExpandedCookieKey {
  ImbSivKey siv;
  Vector sum;  // S2V's, of the empty associated data that a cookie has: see nts/core/cookie.h
};

class CookieKeys {
 public:
  explicit CookieKeys(ImbSiv& siv) noexcept : siv_{siv} {}
  CookieKeys(const CookieKeys&) = delete;
  CookieKeys& operator=(const CookieKeys&) = delete;
  ~CookieKeys();

  // nullptr: not expanded yet.
  [[nodiscard]] const ExpandedCookieKey* find(const CookieKey& key) const noexcept;

  // Takes the place of another key; valid until a next one comes there.
  const ExpandedCookieKey& add(const CookieKey& key) noexcept;

 private:
  struct Place {
    bool is_used = false;
    CookieKey key;
    ExpandedCookieKey expanded;
  };

  ImbSiv& siv_;
  std::array<Place, kRingKeys> places_{};
};

}  // namespace pollux::nts
