// Says of each cookie on its standard input (hexadecimal, one a line) whether a key file opens it:
// `good 15 current 8A22671A`, `bad` or `unknown 8A22671A`. Without a cookie it only reads the file.
// For tests only; ends with 1 where the key file is none.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "nts/aead/reference.h"
#include "nts/core/cookie.h"
#include "nts/core/key_file.h"
#include "tests/support/octets.h"

namespace {

using namespace pollux;

const char* name_of(nts::KeyUse use) {
  if (use == nts::KeyUse::kOld) return "old";
  return use == nts::KeyUse::kCurrent ? "current" : "next";
}

void judge(const nts::KeyRing& ring, nts::Aead& aead, const test::Octets& octets) {
  const auto view = nts::parse_cookie(std::as_bytes(std::span{octets}));
  if (!view) {
    std::puts("bad");
    return;
  }
  const nts::CookieKey* const key = ring.find(view->key_id);
  if (key == nullptr) {
    std::printf("unknown %08X\n", view->key_id);
    return;
  }
  std::array<std::byte, 2 * nts::kLongestKey> keys{};
  nts::CookieOpening opening{.key = key, .cookie = *view, .keys = keys};
  aead.open_cookies({&opening, 1});
  if (opening.good) {
    std::printf("good %u %s %08X\n", static_cast<unsigned>(view->aead), name_of(ring.use_of(*key)),
                key->id);
  } else {
    std::puts("bad");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file{argc > 1 ? argv[1] : ""};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto keys = nts::parse_key_file(text);
  if (!keys) {
    std::fprintf(stderr, "line %u %s\n", keys.error().line,
                 std::string{keys.error().problem}.c_str());
    return 1;
  }
  nts::ReferenceAead aead;
  for (std::string line; std::getline(std::cin, line);)
    judge(keys->ring, aead, test::from_hex(line));
  return 0;
}
