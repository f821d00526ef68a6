// What a card is asked to compare, octet by octet.
#include <gtest/gtest.h>
#include <rte_byteorder.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "dataplane/port/flow_device.h"
#include "tests/support/frame_runner.h"

namespace pollux::port {
namespace {

using test::ipv4_interface;
using test::ipv6_interface;

std::vector<rte_flow_item_type> types_of(const FlowPattern& pattern) {
  std::vector<rte_flow_item_type> types;
  for (const auto* item = pattern.items(); item->type != RTE_FLOW_ITEM_TYPE_END; ++item)
    types.push_back(item->type);
  return types;
}

template <typename Value>
struct Compared {
  const Value& spec;
  const Value& mask;
};

template <typename Value>
Compared<Value> compared(const FlowPattern& pattern, std::size_t index) {
  const auto& item = std::span{pattern.items(), index + 1}[index];
  return {*static_cast<const Value*>(item.spec), *static_cast<const Value*>(item.mask)};
}

// How many bits a card has to compare.
template <typename Value>
int bits_of(const Value& mask) {
  int bits = 0;
  for (const std::byte octet : std::as_bytes(std::span{&mask, 1}))
    bits += std::popcount(std::to_integer<unsigned>(octet));
  return bits;
}

TEST(FlowPattern, UntaggedIpv4) {
  const FlowPattern pattern{{std::nullopt, ipv4_interface("192.0.2.1", 24).address, 123}};
  ASSERT_EQ(types_of(pattern),
            (std::vector{RTE_FLOW_ITEM_TYPE_ETH, RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_UDP}));
  const auto ethernet = compared<rte_flow_item_eth>(pattern, 0);
  EXPECT_EQ(ethernet.spec.has_vlan, 0U);
  EXPECT_EQ(ethernet.mask.has_vlan, 1U);
  EXPECT_EQ(bits_of(ethernet.mask), 1);
  const auto ipv4 = compared<rte_flow_item_ipv4>(pattern, 1);
  EXPECT_EQ(rte_be_to_cpu_32(ipv4.spec.hdr.dst_addr), 0xc0000201U);
  EXPECT_EQ(ipv4.mask.hdr.dst_addr, 0xffffffffU);
  EXPECT_EQ(bits_of(ipv4.mask), 32);
  const auto udp = compared<rte_flow_item_udp>(pattern, 2);
  EXPECT_EQ(rte_be_to_cpu_16(udp.spec.hdr.dst_port), 123);
  EXPECT_EQ(udp.mask.hdr.dst_port, 0xffff);
  EXPECT_EQ(bits_of(udp.mask), 16);
}

TEST(FlowPattern, TaggedIpv6) {
  const auto address = ipv6_interface("2001:db8::1", 64).address;
  const FlowPattern pattern{{std::uint16_t{4094}, address, 1123}};
  ASSERT_EQ(types_of(pattern), (std::vector{RTE_FLOW_ITEM_TYPE_ETH, RTE_FLOW_ITEM_TYPE_VLAN,
                                            RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_UDP}));
  EXPECT_EQ(compared<rte_flow_item_eth>(pattern, 0).spec.has_vlan, 1U);
  const auto vlan = compared<rte_flow_item_vlan>(pattern, 1);
  EXPECT_EQ(rte_be_to_cpu_16(vlan.spec.hdr.vlan_tci), 4094);
  EXPECT_EQ(rte_be_to_cpu_16(vlan.mask.hdr.vlan_tci), 0x0fff);
  EXPECT_EQ(bits_of(vlan.mask), 12);
  const auto ipv6 = compared<rte_flow_item_ipv6>(pattern, 2);
  EXPECT_TRUE(std::ranges::equal(ipv6.spec.hdr.dst_addr, address.octets));
  EXPECT_EQ(bits_of(ipv6.mask), 128);
  EXPECT_EQ(rte_be_to_cpu_16(compared<rte_flow_item_udp>(pattern, 3).spec.hdr.dst_port), 1123);
}

// Priority-tagged frames have VLAN 0 (IEEE 802.1Q), whatever their priority.
TEST(FlowPattern, PriorityTagged) {
  const FlowPattern pattern{{std::uint16_t{0}, ipv4_interface("192.0.2.1", 24).address, 123}};
  EXPECT_EQ(compared<rte_flow_item_eth>(pattern, 0).spec.has_vlan, 1U);
  const auto vlan = compared<rte_flow_item_vlan>(pattern, 1);
  EXPECT_EQ(vlan.spec.hdr.vlan_tci, 0);
  EXPECT_EQ(rte_be_to_cpu_16(vlan.mask.hdr.vlan_tci), 0x0fff);
}

// Of a port that is not there: told, not followed.
TEST(FlowDevice, MissingPort) {
  RteFlowDevice device{31};
  EXPECT_FALSE(device.isolate());
  const auto rule =
      device.create({std::nullopt, ipv4_interface("192.0.2.1", 24).address, 123}, {.queues = 2});
  ASSERT_FALSE(rule);
  EXPECT_FALSE(rule.error().empty());
}

}  // namespace
}  // namespace pollux::port
