#include <gtest/gtest.h>

#include <array>

#include "dataplane/wire/address.h"
#include "dataplane/wire/be.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ntp_header.h"

namespace pollux::wire {
namespace {

constexpr std::array<std::byte, 10> kOctets{
    std::byte{0x81}, std::byte{0x02}, std::byte{0x83}, std::byte{0x04}, std::byte{0x85},
    std::byte{0x06}, std::byte{0x87}, std::byte{0x08}, std::byte{0x89}, std::byte{0x0a}};

TEST(Integer, LoadsInNetworkOrderFromAnyOffset) {
  EXPECT_EQ(load_u8(kOctets.data()), 0x81U);
  EXPECT_EQ(load_be16(kOctets.data()), 0x8102U);
  EXPECT_EQ(load_be16(kOctets.data() + 1), 0x0283U);
  EXPECT_EQ(load_be32(kOctets.data() + 1), 0x0283'0485U);
  EXPECT_EQ(load_be64(kOctets.data()), 0x8102'8304'8506'8708U);
  EXPECT_EQ(load_be64(kOctets.data() + 1), 0x0283'0485'0687'0889U);
  EXPECT_EQ(load_ntp_time(kOctets.data()).units, 0x8102'8304'8506'8708U);
}

TEST(Integer, StoresWhatItLoads) {
  std::array<std::byte, 10> octets{};
  store_be64(octets.data() + 1, load_be64(kOctets.data() + 1));
  store_u8(octets.data(), 0x81);
  store_u8(octets.data() + 9, 0x0a);
  EXPECT_EQ(octets, kOctets);
  octets = {};
  store_be32(octets.data(), 0x8102'8304);
  store_be16(octets.data() + 4, 0x8506);
  store(octets.data() + 6, load<std::uint32_t>(kOctets.data() + 6));
  EXPECT_EQ(octets, kOctets);
  octets = {};
  store_ntp_time(octets.data(), {0x8102'8304'8506'8708});
  EXPECT_TRUE(std::equal(octets.begin(), octets.begin() + 8, kOctets.begin()));
}

TEST(Integer, SwapIsItsOwnInverse) {
  EXPECT_EQ(swap_be(swap_be(std::uint16_t{0x1234})), 0x1234U);
  EXPECT_EQ(swap_be(swap_be(std::uint32_t{0x1234'5678})), 0x1234'5678U);
  EXPECT_EQ(swap_be(std::uint8_t{0x12}), 0x12U);
}

// RFC 5905 figure 8: leap indicator, version, mode from the top bit on.
TEST(Integer, NtpFlagsComeApartAndTogether) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    const auto flags = static_cast<std::uint8_t>(octet);
    EXPECT_EQ(leap_of(flags), octet / 64);
    EXPECT_EQ(version_of(flags), octet / 8 % 8);
    EXPECT_EQ(mode_of(flags), octet % 8);
    EXPECT_EQ(make_flags(leap_of(flags), version_of(flags), mode_of(flags)), flags);
  }
}

TEST(Address, KindsOfAddresses) {
  EXPECT_TRUE((MacAddress{{0x33, 0x33, 0, 0, 0, 1}}).is_group());
  EXPECT_TRUE((MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}).is_group());
  EXPECT_FALSE((MacAddress{{0x02, 0xff, 0xff, 0xff, 0xff, 0xff}}).is_group());
  EXPECT_EQ((Ipv4Address{{192, 0, 2, 1}}).as_host_integer(), 0xc000'0201U);
  EXPECT_TRUE(Ipv6Address{}.is_unspecified());
  Ipv6Address loopback{};
  loopback.octets[15] = 1;
  EXPECT_FALSE(loopback.is_unspecified());
  EXPECT_FALSE(loopback.is_multicast());
  EXPECT_TRUE((Ipv6Address{{0xff, 2}}).is_multicast());
  EXPECT_FALSE((Ipv6Address{{0xfe, 0x80}}).is_multicast());
}

TEST(Address, LoadsAndStoresOctetsAsTheyStand) {
  EXPECT_EQ(load_mac(kOctets.data()).octets,
            (std::array<std::uint8_t, 6>{0x81, 2, 0x83, 4, 0x85, 6}));
  EXPECT_EQ(load_ipv4(kOctets.data() + 1).octets, (std::array<std::uint8_t, 4>{2, 0x83, 4, 0x85}));
  std::array<std::byte, 16> sixteen{};
  sixteen[0] = std::byte{0xfe};
  sixteen[15] = std::byte{9};
  EXPECT_EQ(load_ipv6(sixteen.data()).octets,
            (std::array<std::uint8_t, 16>{0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}));
  std::array<std::byte, 6> mac{};
  store_mac(mac.data(), load_mac(kOctets.data()));
  EXPECT_TRUE(std::equal(mac.begin(), mac.end(), kOctets.begin()));
}

}  // namespace
}  // namespace pollux::wire
