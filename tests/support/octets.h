// Octets of test frames, written and read one by one: nothing here is shared with the code under
// test. Pure; for tests only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollux::test {

using Octets = std::vector<std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

// Appends `value` in network order.
void put8(Octets& to, std::uint64_t value);
void put16(Octets& to, std::uint64_t value);
void put32(Octets& to, std::uint64_t value);
void put64(Octets& to, std::uint64_t value);
void put(Octets& to, const Octets& more);

// Integer of `size` octets in network order at `at`; the caller knows that they are there.
[[nodiscard]] std::uint64_t get(const Octets& from, std::size_t at, std::size_t size);

// Overwrites 16 bits in network order.
void set16(Octets& in, std::size_t at, std::uint64_t value);

// As the code under test takes them, and back.
[[nodiscard]] inline std::span<const std::byte> bytes_of(const Octets& octets) {
  return std::as_bytes(std::span{octets});
}
[[nodiscard]] Octets octets_of(std::span<const std::byte> bytes);

[[nodiscard]] Octets slice(const Octets& from, std::size_t at, std::size_t size);

// The octets of an IPv4 or IPv6 address in text; ends the program where it is none.
[[nodiscard]] Octets address(std::string_view text);

// "0a ff" for {0x0a, 0xff}, and back (spaces are ignored).
[[nodiscard]] std::string to_hex(const Octets& octets);
[[nodiscard]] Octets from_hex(std::string_view text);

// RFC 1071 word by word: the folded 16-bit one's complement sum, not complemented.
[[nodiscard]] std::uint16_t reference_sum(const Octets& octets);

// Pseudo header of RFC 768 or RFC 8200 §8.1, told apart by the size of the addresses.
[[nodiscard]] Octets pseudo_header(const Octets& source, const Octets& destination,
                                   std::uint8_t protocol, std::size_t length);

// xorshift64*, so that a seed gives the same test everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed * 2 + 1} {}
  std::uint64_t next();
  // 0..bound-1; bound is not 0.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  Octets octets(std::size_t count);

 private:
  std::uint64_t state_;
};

}  // namespace pollux::test
