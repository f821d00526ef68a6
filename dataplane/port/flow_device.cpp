#include "dataplane/port/flow_device.h"

#include <rte_byteorder.h>
#include <rte_errno.h>

#include <algorithm>

namespace pollux::port {

namespace {

constexpr std::uint16_t kVlanId = 0x0fff;  // without priority and drop eligibility

std::string words_of(const rte_flow_error& error, int code) {
  return error.message != nullptr ? error.message : rte_strerror(code < 0 ? -code : code);
}

}  // namespace

// Only what a rule needs is masked: a card refuses what it cannot compare.
FlowPattern::FlowPattern(const FlowMatch& match) {
  spec_.ethernet.has_vlan = match.vlan ? 1 : 0;
  mask_.ethernet.has_vlan = 1;
  add(RTE_FLOW_ITEM_TYPE_ETH, spec_.ethernet, mask_.ethernet);
  if (match.vlan) {
    spec_.vlan.hdr.vlan_tci = rte_cpu_to_be_16(*match.vlan);
    mask_.vlan.hdr.vlan_tci = rte_cpu_to_be_16(kVlanId);
    add(RTE_FLOW_ITEM_TYPE_VLAN, spec_.vlan, mask_.vlan);
  }
  std::visit([this](const auto& address) { add_address(address); }, match.address);
  spec_.udp.hdr.dst_port = rte_cpu_to_be_16(match.port);
  mask_.udp.hdr.dst_port = 0xffff;
  add(RTE_FLOW_ITEM_TYPE_UDP, spec_.udp, mask_.udp);
}

void FlowPattern::add_address(const wire::Ipv4Address& address) {
  spec_.ipv4.hdr.dst_addr = rte_cpu_to_be_32(address.as_host_integer());
  mask_.ipv4.hdr.dst_addr = 0xffffffff;
  add(RTE_FLOW_ITEM_TYPE_IPV4, spec_.ipv4, mask_.ipv4);
}

void FlowPattern::add_address(const wire::Ipv6Address& address) {
  std::ranges::copy(address.octets, spec_.ipv6.hdr.dst_addr);
  std::ranges::fill(mask_.ipv6.hdr.dst_addr, std::uint8_t{0xff});
  add(RTE_FLOW_ITEM_TYPE_IPV6, spec_.ipv6, mask_.ipv6);
}

std::expected<void, std::string> RteFlowDevice::isolate() {
  rte_flow_error error{};
  const int code = rte_flow_isolate(port_, 1, &error);
  if (code == 0) return {};
  return std::unexpected{words_of(error, code)};
}

std::expected<FlowDevice::Handle, std::string> RteFlowDevice::create(const FlowMatch& match,
                                                                     const FlowTarget& target) {
  const FlowPattern pattern{match};
  std::vector<std::uint16_t> queues;
  queues.reserve(target.queues);
  for (unsigned queue = 0; queue < target.queues; ++queue)
    queues.push_back(static_cast<std::uint16_t>(queue));
  const rte_flow_action_rss spread{.func = RTE_ETH_HASH_FUNCTION_DEFAULT,
                                   .level = 0,
                                   .types = target.hash,
                                   .key_len = 0,
                                   .queue_num = target.queues,
                                   .key = nullptr,
                                   .queue = queues.data()};
  const rte_flow_action_queue first{.index = 0};
  const bool is_spread = target.queues > 1;
  const std::array<rte_flow_action, 2> actions{
      {is_spread ? rte_flow_action{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &spread}
                 : rte_flow_action{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &first},
       {.type = RTE_FLOW_ACTION_TYPE_END, .conf = nullptr}}};
  rte_flow_attr attributes{};
  attributes.ingress = 1;
  rte_flow_error error{};
  rte_flow* rule = rte_flow_create(port_, &attributes, pattern.items(), actions.data(), &error);
  if (rule != nullptr) return rule;
  return std::unexpected{words_of(error, rte_errno)};
}

// What fails here goes with the port.
void RteFlowDevice::destroy(Handle rule) noexcept {
  rte_flow_error error{};
  static_cast<void>(rte_flow_destroy(port_, static_cast<rte_flow*>(rule), &error));
}

}  // namespace pollux::port
