// The text of a key file, chrony's `ntskeys`, so that a chronyd and Pollux can share one:
//
//   NKS1
//   AGE                      seconds since the last rotation, when it was written
//   ID KEY ALGORITHM         four lines: 8 and 64 hexadecimal digits, a SIV algorithm's number; old
//                            keys, oldest first, the current and the next one
//
// Pure; any thread. Reading and writing of the file itself is in control/keys.
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

// What is wrong, and in which line (from 1; 0: the file as a whole). Never tells key octets.
struct KeyFileError {
  unsigned line = 0;
  std::string_view problem;  // a literal
};

inline constexpr std::size_t kLargestKeyFile = 1024;

[[nodiscard]] std::expected<KeyFile, KeyFileError> parse_key_file(std::string_view text) noexcept;

// Gives the length of the text in `buffer`. `age_seconds` is finite and not negative.
[[nodiscard]] std::size_t write_key_file(const KeyRing& ring, double age_seconds,
                                         std::array<char, kLargestKeyFile>& buffer) noexcept;

}  // namespace pollux::nts
