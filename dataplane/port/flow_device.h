// The rules of a card by DPDK's rte_flow. Control thread. Not tested on hardware.
#pragma once

#include <rte_flow.h>

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/port/flow_rules.h"

namespace pollux::port {

class RteFlowDevice final : public FlowDevice {
 public:
  explicit RteFlowDevice(std::uint16_t port) : port_{port} {}

  [[nodiscard]] std::expected<void, std::string> isolate() override;
  [[nodiscard]] std::expected<Handle, std::string> create(const FlowMatch& match,
                                                          const FlowTarget& target) override;
  void destroy(Handle rule) noexcept override;

 private:
  std::uint16_t port_;
};

// A match in DPDK's words: items that point into the same object, which therefore stays where it
// is.
class FlowPattern {
 public:
  explicit FlowPattern(const FlowMatch& match);
  FlowPattern(const FlowPattern&) = delete;
  FlowPattern& operator=(const FlowPattern&) = delete;

  [[nodiscard]] const rte_flow_item* items() const noexcept { return items_.data(); }

 private:
  struct Values {
    rte_flow_item_eth ethernet{};
    rte_flow_item_vlan vlan{};
    rte_flow_item_ipv4 ipv4{};
    rte_flow_item_ipv6 ipv6{};
    rte_flow_item_udp udp{};
  };

  template <typename Value>
  void add(rte_flow_item_type type, const Value& spec, const Value& mask) {
    items_.at(count_++) = {.type = type, .spec = &spec, .last = nullptr, .mask = &mask};
  }
  void add_address(const wire::Ipv4Address& address);
  void add_address(const wire::Ipv6Address& address);

  Values spec_;
  Values mask_;
  std::array<rte_flow_item, 5> items_{};  // the rest is RTE_FLOW_ITEM_TYPE_END
  std::size_t count_ = 0;
};

}  // namespace pollux::port
