#include <gtest/gtest.h>

#include <vector>

#include "dataplane/wire/ip.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/packet_builder.h"

namespace pollux::wire {
namespace {

using test::from_hex;
using test::Octets;
using test::options_header;

constexpr std::uint8_t kHop = 0;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kIcmp6 = 58;
constexpr std::uint8_t kDestination = 60;

std::expected<UpperLayer, ExtensionError> find(std::uint8_t first, const Octets& extensions,
                                               std::size_t behind = 8) {
  test::Frame frame = test::ipv6_request();
  frame.upper = Octets(behind);
  frame.protocol = first;
  frame.ipv6_extensions = extensions;
  frame.first_extension = first;
  const Octets packet = frame.ip_packet();
  static test::GuardedBuffer buffer;
  buffer.load(packet);
  return find_upper_layer(buffer.start(), packet.size());
}

Octets chain(std::initializer_list<Octets> headers) {
  Octets all;
  for (const auto& header : headers) test::put(all, header);
  return all;
}

struct Found {
  const char* name;
  std::uint8_t first;
  Octets extensions;
  std::uint8_t protocol;
};

TEST(Ipv6Extension, PassedOver) {
  const std::vector<Found> rows{
      {"none", kUdp, {}, kUdp},
      {"no next header (RFC 8200 §4.7)", 59, {}, 59},
      {"authentication header is not passed", 51, {}, 51},
      {"ESP is not passed", 50, {}, 50},
      {"hop-by-hop with PadN", kHop, options_header(kUdp), kUdp},
      {"hop-by-hop with Pad1 only", kHop, from_hex("1100 000000000000"), kUdp},
      {"hop-by-hop with router alert", kHop, options_header(kIcmp6, from_hex("05020000")), kIcmp6},
      {"destination options with PadN", kDestination, options_header(kUdp), kUdp},
      {"unknown option to be skipped", kDestination, options_header(kUdp, from_hex("1e03aabbcc")),
       kUdp},
      {"unknown option of no length", kDestination, options_header(kUdp, from_hex("1e00")), kUdp},
      {"option that fills 255 octets", kDestination,
       [] {
         Octets option{0x1e, 255};
         option.resize(257);
         return options_header(kUdp, option);
       }(),
       kUdp},
      {"hop-by-hop, then destination options", kHop,
       chain({options_header(kDestination), options_header(kUdp)}), kUdp},
      {"routing header with nothing left", kRouting, from_hex("1100 0400 00000000"), kUdp},
      {"longer routing header with nothing left", kRouting,
       from_hex("1101 0000 000000000000000000000000"), kUdp},
      {"atomic fragment (RFC 6946)", kFragment, from_hex("1100 0000 12345678"), kUdp},
      {"atomic fragment with reserved bits", kFragment, from_hex("11ff 0006 12345678"), kUdp},
      {"eight headers", kDestination,
       chain({options_header(60), options_header(60), options_header(60), options_header(60),
              options_header(60), options_header(60), options_header(60), options_header(kUdp)}),
       kUdp},
  };
  for (const auto& row : rows) {
    const auto upper = find(row.first, row.extensions);
    ASSERT_TRUE(upper.has_value()) << row.name;
    EXPECT_EQ(upper->protocol, row.protocol) << row.name;
    EXPECT_EQ(upper->offset, 40 + row.extensions.size()) << row.name;
  }
}

struct Refused {
  const char* name;
  std::uint8_t first;
  Octets extensions;
  ExtensionError error;
};

TEST(Ipv6Extension, NotPassedOver) {
  const std::vector<Refused> rows{
      {"option that says discard", kDestination, options_header(kUdp, from_hex("4100")),
       ExtensionError::kRefused},
      {"option that says discard and report", kHop, options_header(kUdp, from_hex("8100")),
       ExtensionError::kRefused},
      {"option that says discard and report unless multicast", kHop,
       options_header(kUdp, from_hex("c2040001 0000")), ExtensionError::kRefused},
      {"option beyond its header", kHop, from_hex("1100 0505 00000000"), ExtensionError::kRefused},
      {"option type without a length", kHop, from_hex("1100 010300000005"),
       ExtensionError::kRefused},
      {"hop-by-hop not first", kDestination, chain({options_header(kHop), options_header(kUdp)}),
       ExtensionError::kMalformed},
      {"hop-by-hop twice", kHop, chain({options_header(kHop), options_header(kUdp)}),
       ExtensionError::kMalformed},
      {"routing header with segments left", kRouting,
       from_hex("1102 0001 00000000 00000000 00000000 00000000 00000000"),
       ExtensionError::kRefused},
      {"routing header of unknown type with segments left", kRouting,
       from_hex("1100 ff01 00000000"), ExtensionError::kRefused},
      {"first fragment", kFragment, from_hex("1100 0001 12345678"), ExtensionError::kFragment},
      {"last fragment", kFragment, from_hex("1100 0008 12345678"), ExtensionError::kFragment},
      {"largest offset", kFragment, from_hex("1100 fff8 12345678"), ExtensionError::kFragment},
      {"header longer than the packet", kDestination, from_hex("11ff 010400000000"),
       ExtensionError::kMalformed},
      {"nine headers", kDestination,
       chain({options_header(60), options_header(60), options_header(60), options_header(60),
              options_header(60), options_header(60), options_header(60), options_header(60),
              options_header(kUdp)}),
       ExtensionError::kRefused},
  };
  for (const auto& row : rows) {
    const auto upper = find(row.first, row.extensions);
    ASSERT_FALSE(upper.has_value()) << row.name;
    EXPECT_EQ(upper.error(), row.error) << row.name;
  }
}

// A chain that ends anywhere within its headers is malformed, and nothing behind the end is read.
TEST(Ipv6Extension, TruncatedAtEveryLength) {
  Octets option{0x1e, 20};
  option.resize(22);
  const Octets extensions = chain({options_header(kDestination), from_hex("2b00 0000 12345678"),
                                   from_hex("3c00 0400 00000000"), options_header(kUdp, option)});
  // The second header is a fragment header, named by the first.
  Octets named = extensions;
  named[0] = kFragment;
  ASSERT_TRUE(find(kHop, named).has_value());
  for (std::size_t length = 0; length < named.size(); ++length) {
    const auto upper = find(kHop, test::slice(named, 0, length), 0);
    ASSERT_FALSE(upper.has_value()) << length;
    EXPECT_EQ(upper.error(), ExtensionError::kMalformed) << length;
  }
}

TEST(Ipv6Extension, RandomChainsAreReadWithinTheirLength) {
  constexpr std::uint8_t kNext[] = {kHop, kRouting, kFragment, kDestination, kUdp};
  test::Random random{1};
  for (int i = 0; i < 100'000; ++i) {
    Octets octets = random.octets(random.below(96));
    for (std::size_t at = 0; at < octets.size(); ++at) {
      if (at % 8 == 0) octets[at] = kNext[random.below(5)];
      if (at % 8 == 1) octets[at] = static_cast<std::uint8_t>(octets[at] & 1U);
      if (at % 8 > 1 && random.chance(2)) octets[at] = static_cast<std::uint8_t>(octets[at] & 3U);
    }
    const auto upper = find(kNext[random.below(5)], octets, 0);
    if (upper) {
      ASSERT_LE(upper->offset, 40 + octets.size());
    }
  }
}

}  // namespace
}  // namespace pollux::wire
