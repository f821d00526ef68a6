#include "control/config/address_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pollux::control {
namespace {

std::string written(std::string_view text) {
  const auto own = parse_interface_address(text);
  return own ? std::visit([](const auto& version) { return to_string(version); }, *own)
             : "error: " + own.error();
}

TEST(AddressText, Good) {
  EXPECT_EQ(written("192.0.2.1"), "192.0.2.1/32");
  EXPECT_EQ(written("192.0.2.1/24"), "192.0.2.1/24");
  EXPECT_EQ(written("192.0.2.0/31"), "192.0.2.0/31");
  EXPECT_EQ(written("2001:DB8:0::1/64"), "2001:db8::1/64");
  EXPECT_EQ(written("fe80::1"), "fe80::1/128");
}

TEST(AddressText, Bad) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "is not an IPv4 or IPv6 address"},
      {"192.0.2", "is not an IPv4 or IPv6 address"},
      {"192.0.2.01", "is not an IPv4 or IPv6 address"},
      {"fe80::1%eth0", "is not an IPv4 or IPv6 address"},
      {std::string("192.0.2.1\0", 10), "is not an IPv4 or IPv6 address"},
      {"192.0.2.1/", "has a prefix length that is not in 1 to 32"},
      {"192.0.2.1/0", "has a prefix length that is not in 1 to 32"},
      {"192.0.2.1/33", "has a prefix length that is not in 1 to 32"},
      {"192.0.2.1/+8", "has a prefix length that is not in 1 to 32"},
      {"2001:db8::1/129", "has a prefix length that is not in 1 to 128"},
      {"0.0.0.0", "is an unspecified address"},
      {"127.0.0.1", "is a loopback address"},
      {"224.0.1.1", "is a multicast address"},
      {"240.0.0.1", "is in the reserved block 240.0.0.0/4"},
      {"255.255.255.255", "is the broadcast address"},
      {"192.0.2.255/24", "is the broadcast address of its prefix"},
      {"192.0.2.0/24", "is the network address of its prefix"},
      {"::", "is the unspecified address"},
      {"::1", "is the loopback address"},
      {"ff02::101", "is a multicast address"},
      {"::ffff:192.0.2.1", "is an IPv4-mapped address; write the IPv4 address"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(written(text), "error: " + error) << text;
  }
}

TEST(AddressText, WithoutPrefix) {
  const auto written = [](std::string_view text) {
    const auto address = parse_ip_address(text);
    return address ? to_string(*address) : "error: " + address.error();
  };
  EXPECT_EQ(written("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(written("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(written("223.255.255.255"), "223.255.255.255");
  EXPECT_EQ(written("::"), "::");
  EXPECT_EQ(written("2001:DB8:0::1"), "2001:db8::1");
  EXPECT_EQ(written(""), "error: is not an IPv4 or IPv6 address");
  EXPECT_EQ(written("192.0.2.1/24"), "error: is not an IPv4 or IPv6 address");
  EXPECT_EQ(written("224.0.1.1"), "error: is no address of one host");
  EXPECT_EQ(written("255.255.255.255"), "error: is no address of one host");
  EXPECT_EQ(written("ff02::101"), "error: is no address of one host");
  EXPECT_EQ(written("::ffff:192.0.2.1"),
            "error: is an IPv4-mapped address; write the IPv4 address");
}

TEST(AddressText, Pci) {
  EXPECT_EQ(normalised_pci_address("0000:00:06.0"), "0000:00:06.0");
  EXPECT_EQ(normalised_pci_address("AF:1f.7"), "0000:af:1f.7");
  for (const char* bad :
       {"", "00:06", "0000:00:06.8", "0000:00:06.0 ", "0000-00:06.0", "g0:06.0"}) {
    EXPECT_FALSE(normalised_pci_address(bad)) << bad;
  }
}

TEST(AddressText, Mac) {
  EXPECT_EQ(to_string(wire::MacAddress{{2, 0, 0, 0, 0xab, 1}}), "02:00:00:00:ab:01");
}

}  // namespace
}  // namespace pollux::control
