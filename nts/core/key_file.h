// The text of a key file, chrony's `ntskeys`, so that a chronyd and Pollux can share one. It has
// two forms; both are read:
//
//   NKS0                     written here, and by chronyd up to 4.3; every chronyd since 4.0 reads
//   it ALGORITHM AGE            of all keys; seconds since the last rotation, when it was written
//   ID KEY                   four lines: 8 and 64 hexadecimal digits; old keys, oldest first, the
//                            current and the next one
//   NKS1                     by chronyd since 4.4
//   AGE
//   ID KEY ALGORITHM         four lines
//
// The algorithm is 15, AEAD_AES_SIV_CMAC_256; keys of another one are refused. Pure; any thread.
// Reading and writing of the file itself is in control/keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "nts/core/key_ring.h"

namespace pollux::nts {

struct KeyFile {
  KeyRing ring;
  double age_seconds = 0;
};

// What is wrong, and in which line (from 1; 0: the file as a whole); "line 3 has no key of 64
// hexadecimal digits". Never tells key octets.
struct KeyFileError {
  unsigned line = 0;
  std::string_view problem;  // a literal
};

inline constexpr std::size_t kLargestKeyFile = 1024;

// Stricter than chronyd, so that a damaged or half-written file is none: single spaces, every line
// ended by a line feed and nothing behind the last one, places that follow one another.
[[nodiscard]] std::expected<KeyFile, KeyFileError> parse_key_file(std::string_view text) noexcept;

// Gives the length of the text in `buffer`. `age_seconds` is not negative; a tenth of a second of
// it is kept, and of one above 10^15 - 1 no more than that.
[[nodiscard]] std::size_t write_key_file(const KeyRing& ring, double age_seconds,
                                         std::array<char, kLargestKeyFile>& buffer) noexcept;

}  // namespace pollux::nts
