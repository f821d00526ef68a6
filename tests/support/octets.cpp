#include "tests/support/octets.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>

namespace pollux::test {

namespace {

void put_integer(Octets& to, std::uint64_t value, unsigned size) {
  for (unsigned i = size; i > 0; --i)
    to.push_back(static_cast<std::uint8_t>(value >> (8U * (i - 1))));
}

unsigned hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  return static_cast<unsigned>((digit | 0x20) - 'a') + 10U;
}

}  // namespace

void put8(Octets& to, std::uint64_t value) { put_integer(to, value, 1); }
void put16(Octets& to, std::uint64_t value) { put_integer(to, value, 2); }
void put32(Octets& to, std::uint64_t value) { put_integer(to, value, 4); }
void put64(Octets& to, std::uint64_t value) { put_integer(to, value, 8); }
void put(Octets& to, const Octets& more) { to.insert(to.end(), more.begin(), more.end()); }

std::uint64_t get(const Octets& from, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | from.at(at + i);
  return value;
}

void set16(Octets& in, std::size_t at, std::uint64_t value) {
  in.at(at) = static_cast<std::uint8_t>(value >> 8U);
  in.at(at + 1) = static_cast<std::uint8_t>(value);
}

Octets octets_of(std::span<const std::byte> bytes) {
  const auto* start = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {start, start + bytes.size()};
}

Octets slice(const Octets& from, std::size_t at, std::size_t size) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

Octets address(std::string_view text) {
  const std::string terminated{text};
  Octets octets(terminated.find(':') == std::string::npos ? 4 : 16);
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (inet_pton(family, terminated.c_str(), octets.data()) != 1) {
    std::fprintf(stderr, "not an address: %s\n", terminated.c_str());
    std::abort();
  }
  return octets;
}

std::string to_hex(const Octets& octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const auto octet : octets) {
    if (!text.empty()) text += ' ';
    text += kDigits[octet >> 4U];
    text += kDigits[octet & 0x0fU];
  }
  return text;
}

Octets from_hex(std::string_view text) {
  Octets octets;
  bool half = false;
  for (const char digit : text) {
    if (digit == ' ') continue;
    if (half) {
      octets.back() = static_cast<std::uint8_t>(unsigned{octets.back()} << 4U | hex_digit(digit));
    } else {
      octets.push_back(static_cast<std::uint8_t>(hex_digit(digit)));
    }
    half = !half;
  }
  return octets;
}

std::uint16_t reference_sum(const Octets& octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    const std::uint32_t low = i + 1 < octets.size() ? octets[i + 1] : 0U;
    sum += static_cast<std::uint32_t>(octets[i]) * 256U + low;
    if (sum > 0xffffU) sum -= 0xffffU;
  }
  return static_cast<std::uint16_t>(sum);
}

Octets pseudo_header(const Octets& source, const Octets& destination, std::uint8_t protocol,
                     std::size_t length) {
  Octets header = source;
  put(header, destination);
  if (source.size() == 4) {
    put16(header, protocol);
    put16(header, length);
  } else {
    put32(header, length);
    put32(header, protocol);
  }
  return header;
}

std::uint64_t Random::next() {
  state_ ^= state_ >> 12U;
  state_ ^= state_ << 25U;
  state_ ^= state_ >> 27U;
  return state_ * 0x2545'f491'4f6c'dd1d;
}

Octets Random::octets(std::size_t count) {
  Octets result(count);
  for (auto& octet : result) octet = static_cast<std::uint8_t>(next() >> 56U);
  return result;
}

}  // namespace pollux::test
