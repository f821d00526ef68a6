#include "dataplane/port/flow_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

namespace pollux::port {

namespace {

// As rte_eth_dev_info says it; PCI device and subfunction of mlx5.
constexpr std::array<std::string_view, 3> kShared{"mlx5_pci", "mlx5_auxiliary", "net_mlx4"};

struct AddressText {
  std::string operator()(const wire::Ipv4Address& address) const {
    return fmt::format("{}", fmt::join(address.octets, "."));
  }
  std::string operator()(const wire::Ipv6Address& address) const {
    std::string text;
    for (std::size_t i = 0; i < address.octets.size(); i += 2) {
      text += fmt::format("{}{:x}", i == 0 ? "" : ":",
                          address.octets.at(i) << 8U | address.octets.at(i + 1));
    }
    return text;
  }
};

std::string text_of(const FlowMatch& match) {
  const std::string tag = match.vlan ? fmt::format("VLAN {}", *match.vlan) : "untagged";
  return fmt::format("UDP port {} of {}, {}", match.port, std::visit(AddressText{}, match.address),
                     tag);
}

}  // namespace

bool shares_with_kernel(std::string_view driver) {
  return std::ranges::find(kShared, driver) != kShared.end();
}

std::vector<FlowMatch> flow_matches(const responder::PolicySettings& policy) {
  std::vector<std::optional<std::uint16_t>> tags{std::nullopt, 0};
  tags.insert(tags.end(), policy.vlans.begin(), policy.vlans.end());
  std::set<FlowMatch> matches;
  for (const auto& tag : tags) {
    for (const auto& own : policy.ipv4) matches.insert({tag, own.address, policy.ntp_port});
    for (const auto& own : policy.ipv6) matches.insert({tag, own.address, policy.ntp_port});
  }
  return {matches.begin(), matches.end()};
}

std::expected<void, std::string> FlowRules::add(const std::vector<FlowMatch>& wanted) {
  std::vector<FlowMatch> made;
  for (const FlowMatch& match : wanted) {
    if (rules_.contains(match)) continue;
    const auto rule = device_.create(match, target_);
    if (rule) {
      rules_.emplace(match, *rule);
      made.push_back(match);
      continue;
    }
    for (const FlowMatch& undone : made) {
      device_.destroy(rules_.at(undone));
      rules_.erase(undone);
    }
    return std::unexpected{
        fmt::format("the card takes no rule for {}: {}", text_of(match), rule.error())};
  }
  return {};
}

void FlowRules::keep_only(const std::vector<FlowMatch>& wanted) noexcept {
  std::erase_if(rules_, [&](const auto& rule) {
    const bool stays = std::ranges::find(wanted, rule.first) != wanted.end();
    if (!stays) device_.destroy(rule.second);
    return !stays;
  });
}

void FlowRules::clear() noexcept { keep_only({}); }

}  // namespace pollux::port
