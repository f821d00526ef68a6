// The invariants of cookies, for any octets. For the programs in this folder only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tests/fuzz/harness.h"

namespace pollux::test {

struct CookieParts {
  unsigned aead = 0;
  std::uint32_t key_id = 0;
  Octets nonce;
  Octets sealed;
};

// What is tested, so that a test can put something wrong in its place.
struct CookieSubject {
  std::function<std::optional<CookieParts>(const Octets& cookie)> parse;
  // `cookie` with another key id and nonce, of 16 octets.
  std::function<Octets(const Octets& cookie, std::uint32_t key_id, const Octets& nonce)> write;
};

[[nodiscard]] CookieSubject cookie_subject();
[[nodiscard]] std::string faults_of_cookie(const CookieSubject& subject, const Octets& cookie);

}  // namespace pollux::test
