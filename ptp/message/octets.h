// Integers in network order, taken from a message or put into one in the order of its fields.
// Both check the room: from the first field on that does not fit, nothing is read or written.
// For this folder only; packets have the faster helpers of dataplane/wire.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>

namespace pollux::message {

class Reader {
 public:
  explicit constexpr Reader(std::span<const std::byte> octets) noexcept : left_{octets} {}

  // The next field; 0 where it does not fit.
  template <std::integral T>
  constexpr T take() noexcept {
    std::uint64_t value = 0;
    for (const std::byte octet : take_octets(sizeof(T)))
      value = value << 8U | std::to_integer<std::uint64_t>(octet);
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(value));
  }

  // The next `count` octets; none where they do not fit.
  constexpr std::span<const std::byte> take_octets(std::size_t count) noexcept {
    if (count > left_.size()) {
      fits_ = false;
      left_ = {};
      return {};
    }
    const auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  constexpr void skip(std::size_t count) noexcept { take_octets(count); }

  // Every field so far was there.
  [[nodiscard]] constexpr bool fits() const noexcept { return fits_; }
  [[nodiscard]] constexpr std::size_t left() const noexcept { return left_.size(); }

 private:
  std::span<const std::byte> left_;
  bool fits_ = true;
};

class Writer {
 public:
  explicit constexpr Writer(std::span<std::byte> octets) noexcept : left_{octets} {}

  template <std::integral T>
  constexpr void put(T value) noexcept {
    auto bits = static_cast<std::uint64_t>(value);
    for (std::byte& octet : claim(sizeof(T)) | std::views::reverse) {
      octet = static_cast<std::byte>(bits);
      bits >>= 8U;
    }
  }

  constexpr void zeros(std::size_t count) noexcept { std::ranges::fill(claim(count), std::byte{}); }

 private:
  constexpr std::span<std::byte> claim(std::size_t count) noexcept {
    const bool fits = count <= left_.size();
    const auto room = fits ? left_.first(count) : std::span<std::byte>{};
    left_ = fits ? left_.subspan(count) : room;
    return room;
  }

  std::span<std::byte> left_;
};

}  // namespace pollux::message
