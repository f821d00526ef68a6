#include <gtest/gtest.h>

#include <optional>

#include "dataplane/wire/ip.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/octets.h"

namespace pollux::wire {
namespace {

using test::from_hex;
using test::Octets;

std::expected<void, Ipv4OptionsError> check(const Octets& options) {
  static test::GuardedBuffer buffer;
  buffer.load(options);
  return check_ipv4_options(buffer.start(), options.size());
}

struct Row {
  const char* name;
  const char* options;
  std::optional<Ipv4OptionsError> error;
};

// RFC 791 §3.1, RFC 7126.
constexpr Row kRows[] = {
    {"none", "", std::nullopt},
    {"end of list", "00000000", std::nullopt},
    {"no operation", "01010101", std::nullopt},
    {"whatever follows the end of list", "00ff8300", std::nullopt},
    {"record route", "0707040000000001", std::nullopt},
    {"timestamp", "440c0500000000000000 0000", std::nullopt},
    {"router alert (RFC 2113)", "94040000", std::nullopt},
    {"stream identifier", "88040001", std::nullopt},
    {"unknown", "1e04aaaa", std::nullopt},
    {"unknown of the least length", "1e02 1e02", std::nullopt},
    {"loose source route", "8307040a00000100", Ipv4OptionsError::kSourceRoute},
    {"strict source route", "8907040a00000100", Ipv4OptionsError::kSourceRoute},
    {"source route behind no operation", "018307040a000001", Ipv4OptionsError::kSourceRoute},
    {"exhausted source route", "8303 0400", Ipv4OptionsError::kSourceRoute},
    {"length 0", "07000000", Ipv4OptionsError::kMalformed},
    {"length 1", "07010000", Ipv4OptionsError::kMalformed},
    {"length beyond the header", "07080400", Ipv4OptionsError::kMalformed},
    {"length 255", "01019eff", Ipv4OptionsError::kMalformed},
    {"type without a length at the end", "01010107", Ipv4OptionsError::kMalformed},
    {"source route that is malformed", "83ff0400", Ipv4OptionsError::kMalformed},
};

TEST(Ipv4Options, Table) {
  for (const auto& row : kRows) {
    const auto result = check(from_hex(row.options));
    ASSERT_EQ(result.has_value(), !row.error.has_value()) << row.name;
    if (row.error) {
      EXPECT_EQ(result.error(), *row.error) << row.name;
    }
  }
}

TEST(Ipv4Options, RandomOctetsAreReadWithinTheirLength) {
  test::Random random{1};
  for (int i = 0; i < 100'000; ++i) {
    Octets options = random.octets(random.below(11) * 4);
    // Small values make long walks.
    for (auto& octet : options)
      octet = random.chance(2) ? static_cast<std::uint8_t>(octet & 7U) : octet;
    static_cast<void>(check(options));
  }
}

}  // namespace
}  // namespace pollux::wire
