#include "nts/aead/polyval.h"

#include <algorithm>
#include <array>

#include "nts/core/wipe.h"

namespace pollux::nts {

namespace {

// Product of two polynomials over GF(2), of degree below 64.
struct Product {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

// The low 64 coefficients of a product. An integer product adds where this one has to take the sum
// modulo 2: with three of four bits masked out, each sum has room to be carried away into the
// three, and its lowest bit is the one wanted. At most 16 terms meet, and only in the topmost
// place, whose carry leaves the word.
std::uint64_t low_product(std::uint64_t one, std::uint64_t other) noexcept {
  constexpr std::uint64_t kEveryFourth = 0x1111'1111'1111'1111;
  std::array<std::uint64_t, 4> ones;
  std::array<std::uint64_t, 4> others;
  for (unsigned i = 0; i < 4; ++i) {
    ones[i] = one & kEveryFourth << i;
    others[i] = other & kEveryFourth << i;
  }
  std::uint64_t result = 0;
  for (unsigned place = 0; place < 4; ++place) {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < 4; ++i) sum ^= ones[i] * others[(place - i) % 4];
    result |= sum & kEveryFourth << place;
  }
  return result;
}

std::uint64_t reversed(std::uint64_t value) noexcept {
  const auto swap_groups = [&](std::uint64_t mask, unsigned width) {
    value = (value & mask) << width | (value >> width & mask);
  };
  swap_groups(0x5555'5555'5555'5555, 1);
  swap_groups(0x3333'3333'3333'3333, 2);
  swap_groups(0x0f0f'0f0f'0f0f'0f0f, 4);
  return std::byteswap(value);
}

// A product read backwards is the product of its factors read backwards: that gives the upper half.
Product product(std::uint64_t one, std::uint64_t other) noexcept {
  return {.low = low_product(one, other),
          .high = reversed(low_product(reversed(one), reversed(other))) >> 1U};
}

// Takes the lowest 64 coefficients of a polynomial away by adding a multiple of
// x^128 + x^127 + x^126 + x^121 + 1 (RFC 8452 §3), and adds what that gives to the next 128.
void reduce(std::uint64_t lowest, std::uint64_t& next, std::uint64_t& after) noexcept {
  next ^= lowest << 63U ^ lowest << 62U ^ lowest << 57U;
  after ^= lowest ^ lowest >> 1U ^ lowest >> 2U ^ lowest >> 7U;
}

}  // namespace

Polyval::Polyval(const Block& key) noexcept : key_{load(key.data())} {}

Polyval::~Polyval() {
  wipe(std::as_writable_bytes(std::span{&key_, 1}));
  wipe(std::as_writable_bytes(std::span{&sum_, 1}));
}

Polyval::Element Polyval::load(const std::byte* from) noexcept {
  return {.low = load_le<std::uint64_t>(from), .high = load_le<std::uint64_t>(from + 8)};
}

// RFC 8452 §3: S_j = (S_(j-1) + X_j) * H * x^-128.
void Polyval::add_block(const std::byte* block) noexcept {
  const Element next = load(block);
  const Element sum{.low = sum_.low ^ next.low, .high = sum_.high ^ next.high};
  const Product low = product(sum.low, key_.low);
  const Product high = product(sum.high, key_.high);
  Product middle = product(sum.low ^ sum.high, key_.low ^ key_.high);  // Karatsuba's
  middle.low ^= low.low ^ high.low;
  middle.high ^= low.high ^ high.high;
  std::array words{low.low, low.high ^ middle.low, high.low ^ middle.high, high.high};
  reduce(words[0], words[1], words[2]);
  reduce(words[1], words[2], words[3]);
  sum_ = {.low = words[2], .high = words[3]};
}

void Polyval::add(std::span<const std::byte> message) noexcept {
  for (; message.size() >= kBlockLength; message = message.subspan(kBlockLength))
    add_block(message.data());
  if (message.empty()) return;
  Block last{};
  std::ranges::copy(message, last.begin());
  add_block(last.data());
  wipe(last);
}

Block Polyval::sum() const noexcept {
  Block result;
  store_le(result.data(), sum_.low);
  store_le(result.data() + 8, sum_.high);
  return result;
}

}  // namespace pollux::nts
