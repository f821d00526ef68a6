// Records and requests of NTS key establishment put together from RFC 8915 §4, and what a server
// has to make of any octets, written a second time without a line of the code under test. Pure;
// for tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

inline constexpr std::uint16_t kRecordEnd = 0;
inline constexpr std::uint16_t kRecordProtocols = 1;
inline constexpr std::uint16_t kRecordError = 2;
inline constexpr std::uint16_t kRecordWarning = 3;
inline constexpr std::uint16_t kRecordAeads = 4;
inline constexpr std::uint16_t kRecordCookie = 5;
inline constexpr std::uint16_t kRecordServer = 6;
inline constexpr std::uint16_t kRecordPort = 7;
inline constexpr std::uint16_t kRecordCompliant = 1024;

// `type` with the critical bit where it is set.
[[nodiscard]] Octets ke_record(std::uint16_t type, bool critical, const Octets& body);
[[nodiscard]] Octets ke_numbers(std::uint16_t type, bool critical,
                                std::initializer_list<std::uint16_t> numbers);
[[nodiscard]] Octets ke_text(std::uint16_t type, bool critical, std::string_view text);
[[nodiscard]] Octets ke_end();

// The records end to end.
[[nodiscard]] Octets ke_message(std::initializer_list<Octets> records);

// What chronyd 4.3 and ntpsec's ntpd send, but for the list of algorithms.
[[nodiscard]] Octets usual_ke_request(std::initializer_list<std::uint16_t> aeads = {15});

// Takes octets apart into reads: `sizes` of them at a time, the rest in a last one.
[[nodiscard]] std::vector<Octets> ke_reads(const Octets& octets,
                                           const std::vector<std::size_t>& sizes);

enum class KeState : std::uint8_t { kIncomplete, kComplete, kRefused };

// What a server makes of the octets that it has got.
struct KeVerdict {
  KeState state = KeState::kIncomplete;
  std::optional<unsigned> error;  // when refused
  // When complete.
  bool offers_ntpv4 = false;
  std::optional<unsigned> aead;
  bool compliant = false;
  std::string server;

  friend bool operator==(const KeVerdict&, const KeVerdict&) = default;
};

[[nodiscard]] KeVerdict judge_ke_request(const Octets& octets);
[[nodiscard]] std::string describe(const KeVerdict& verdict);

// RFC 8915 §4.1.7, addresses by the C library.
[[nodiscard]] bool may_name_server(const std::string& text);

}  // namespace pollux::test
