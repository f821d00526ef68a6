// The Internet checksum (RFC 1071), full and incremental (RFC 1624).
// Sums are over octets as they lie in memory, so results are stored with `store`, not `store_be`.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "dataplane/wire/be.h"

namespace pollux::wire {

// One's complement sum that has not been folded yet.
class Sum {
 public:
  constexpr Sum() = default;
  constexpr explicit Sum(std::uint64_t initial) noexcept : value_{initial} {}

  // Adds words in memory order, each of up to 64 bits from an even offset.
  template <std::same_as<std::uint64_t>... Words>
  [[gnu::always_inline]] constexpr void add(Words... words) noexcept {
#if defined(__x86_64__)
    // The compiler makes a chain of single instructions of this, and only of this.
    if !consteval {
      unsigned char carry = 0;
      ((value_ = with_carry(value_, words, carry)), ...);
      value_ += carry;
      return;
    }
#endif
    ((value_ += words, value_ += value_ < words ? 1U : 0U), ...);
  }

  // Adds a number of whole 64-bit words that is known at compile time.
  template <std::size_t kWords>
  [[gnu::always_inline]] void add_words(const std::byte* octets) noexcept {
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) [[gnu::always_inline]] {
      add(load<std::uint64_t>(octets + 8 * kIndex)...);
    }(std::make_index_sequence<kWords>{});
  }

  // Adds `length` octets; an odd last octet counts as if a zero followed (RFC 1071 §4.1).
  void add(const std::byte* octets, std::size_t length) noexcept {
    constexpr std::size_t kBlock = 64;
    Sum sum{value_};  // a copy, so that it stays in a register
    for (; length >= kBlock; octets += kBlock, length -= kBlock) sum.add_words<kBlock / 8>(octets);
    for (; length >= 8; octets += 8, length -= 8) sum.add(load<std::uint64_t>(octets));
    if (length != 0) {
      std::byte padded[8] = {};
      std::memcpy(padded, octets, length);
      sum.add(load<std::uint64_t>(padded));
    }
    *this = sum;
  }

  // The 16-bit sum in memory order. 0xffff over data that carries its own right checksum.
  [[nodiscard]] constexpr std::uint16_t fold() const noexcept {
    // With q and r the quotient and the remainder by 0xffff, the product is q (2^64 - 1) + r times
    // 0x0001'0001'0001'0001. The sum of its halves is that multiple of r, and all ones where r is
    // zero but the value is not.
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t kOnePerWord = 0x0001'0001'0001'0001;
    const Wide product = Wide{value_} * kOnePerWord;
    return static_cast<std::uint16_t>(static_cast<std::uint64_t>(product >> 64U) +
                                      static_cast<std::uint64_t>(product));
  }

  // The checksum field for the summed data.
  [[nodiscard]] constexpr std::uint16_t checksum() const noexcept {
    return static_cast<std::uint16_t>(~fold());
  }

  // The UDP field: an all-zero checksum is sent as all ones (RFC 768, RFC 8200 §8.1).
  [[nodiscard]] constexpr std::uint16_t udp_checksum() const noexcept {
    const std::uint16_t value = checksum();
    return static_cast<std::uint16_t>(value - (value == 0 ? 1U : 0U));
  }

  [[nodiscard]] constexpr std::uint64_t unfolded() const noexcept { return value_; }

 private:
#if defined(__x86_64__)
  [[gnu::always_inline]] static std::uint64_t with_carry(std::uint64_t one, std::uint64_t other,
                                                         unsigned char& carry) noexcept {
    unsigned long long sum = 0;
    carry = _addcarry_u64(carry, one, other, &sum);
    return sum;
  }
#endif

  std::uint64_t value_ = 0;
};

// True where `sum` covers data with a right checksum in it.
// For data that is not all zero, as no IP header and no pseudo header is: such a sum is a multiple
// of 0xffff.
[[nodiscard]] constexpr bool is_valid(const Sum& sum) noexcept {
  return sum.unfolded() % 0xffffU == 0;
}

// The checksum after one 16-bit word changed, all in memory order (RFC 1624 §3, equation 3).
[[nodiscard]] constexpr std::uint16_t updated_checksum(std::uint16_t checksum,
                                                       std::uint16_t old_word,
                                                       std::uint16_t new_word) noexcept {
  const std::uint64_t kept = static_cast<std::uint16_t>(~checksum);
  const std::uint64_t removed = static_cast<std::uint16_t>(~old_word);
  return Sum{kept + removed + new_word}.checksum();
}

}  // namespace pollux::wire
