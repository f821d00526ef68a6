// Octets for tests of nts/aead, and single operations of a back end. For tests only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nts/core/aead.h"
#include "tests/support/octets.h"

namespace pollux::test {

using Bytes = std::vector<std::byte>;

inline Bytes to_bytes(const Octets& octets) {
  Bytes result(octets.size());
  std::ranges::transform(octets, result.begin(),
                         [](std::uint8_t octet) { return std::byte{octet}; });
  return result;
}

inline Bytes bytes_of(std::string_view hex) { return to_bytes(from_hex(hex)); }
inline Bytes random_bytes(Random& random, std::size_t count) {
  return to_bytes(random.octets(count));
}

inline std::string hex_of(std::span<const std::byte> bytes) {
  std::string result;
  for (const std::byte byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    result += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    result += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return result;
}

inline void flip(Bytes& bytes, std::size_t bit) {
  bytes.at(bit / 8) ^= std::byte{1} << static_cast<int>(bit % 8);
}

template <std::size_t Size>
std::span<const std::byte, Size> fixed(const Bytes& bytes) {
  return std::span{bytes}.first<Size>();
}

// What an AEAD works on.
struct Text {
  nts::AeadId aead = nts::AeadId::kAesSivCmac256;
  Bytes key;
  Bytes nonce;
  Bytes associated_data;
  Bytes plaintext;
};

inline Bytes seal(nts::Aead& back_end, const Text& text) {
  Bytes sealed(text.plaintext.size() + nts::kTagLength);
  const nts::Sealing sealing{.aead = text.aead,
                             .key = text.key,
                             .associated_data = text.associated_data,
                             .nonce = text.nonce,
                             .plaintext = text.plaintext,
                             .sealed = sealed};
  return back_end.seal(std::span{&sealing, 1}) ? sealed : Bytes{};
}

// Whether `sealed` is good under key, nonce and associated data of `text`, and its plaintext.
inline std::pair<bool, Bytes> open(nts::Aead& back_end, const Text& text, const Bytes& sealed) {
  Bytes plaintext(sealed.size() - std::min(sealed.size(), nts::kTagLength), std::byte{0xee});
  nts::Opening opening{.aead = text.aead,
                       .key = text.key,
                       .associated_data = text.associated_data,
                       .nonce = text.nonce,
                       .sealed = sealed,
                       .plaintext = plaintext};
  back_end.open(std::span{&opening, 1});
  return {opening.good, plaintext};
}

}  // namespace pollux::test
