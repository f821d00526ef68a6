// Which frames are taken from the kernel, and the order in which a card is asked, against one that
// is made up.
#include "dataplane/port/flow_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tests/support/frame_runner.h"

namespace pollux::port {
namespace {

using responder::PolicySettings;
using test::ipv4_interface;
using test::ipv6_interface;

class FakeCard final : public FlowDevice {
 public:
  std::expected<void, std::string> isolate() override { return {}; }
  std::expected<Handle, std::string> create(const FlowMatch& match,
                                            const FlowTarget& target) override {
    targets.push_back(target.queues);
    if (match == refused) return std::unexpected{"no room"};
    most = std::max(most, rules.size() + 1);
    const Handle handle = &numbers.at(next++);
    rules.insert({handle, match});
    return handle;
  }
  void destroy(Handle rule) noexcept override { unknown += rules.erase(rule) == 1 ? 0 : 1; }

  [[nodiscard]] std::set<FlowMatch> in_force() const {
    std::set<FlowMatch> matches;
    for (const auto& [handle, match] : rules) matches.insert(match);
    return matches;
  }

  std::map<Handle, FlowMatch> rules;
  std::optional<FlowMatch> refused;
  std::vector<unsigned> targets;
  std::size_t most = 0;
  int unknown = 0;  // rules that were destroyed and not there

 private:
  std::array<char, 1000> numbers{};
  std::size_t next = 0;
};

PolicySettings policy_of(std::vector<const char*> ipv4, std::vector<const char*> ipv6 = {},
                         std::vector<std::uint16_t> vlans = {}) {
  PolicySettings policy{.vlans = std::move(vlans)};
  for (const char* address : ipv4) policy.ipv4.push_back(ipv4_interface(address, 24));
  for (const char* address : ipv6) policy.ipv6.push_back(ipv6_interface(address, 64));
  return policy;
}

std::set<FlowMatch> set_of(const PolicySettings& policy) {
  const auto matches = flow_matches(policy);
  std::set<FlowMatch> set{matches.begin(), matches.end()};
  EXPECT_EQ(set.size(), matches.size());
  return set;
}

TEST(FlowMatches, UntaggedPriorityTaggedAndVlansOfEachAddress) {
  auto policy = policy_of({"192.0.2.1"}, {"2001:db8::1"}, {7, 9});
  policy.ntp_port = 1123;
  std::set<FlowMatch> wanted;
  for (const std::optional<std::uint16_t> tag :
       {std::optional<std::uint16_t>{}, std::optional<std::uint16_t>{0},
        std::optional<std::uint16_t>{7}, std::optional<std::uint16_t>{9}}) {
    wanted.insert({tag, policy.ipv4[0].address, 1123});
    wanted.insert({tag, policy.ipv6[0].address, 1123});
  }
  EXPECT_EQ(set_of(policy), wanted);
}

TEST(FlowMatches, EachOnce) {
  EXPECT_EQ(set_of(policy_of({"192.0.2.1", "192.0.2.1"})).size(), 2U);
  EXPECT_TRUE(flow_matches(PolicySettings{}).empty());
}

TEST(FlowRules, FollowTheAddressesWithoutAGap) {
  FakeCard card;
  FlowRules rules{card, {.queues = 3}};
  const auto first = policy_of({"192.0.2.1", "192.0.2.2"});
  const auto second = policy_of({"192.0.2.2", "192.0.2.3"}, {"2001:db8::3"});
  ASSERT_TRUE(rules.add(flow_matches(first)));
  EXPECT_EQ(card.in_force(), set_of(first));
  ASSERT_TRUE(rules.add(flow_matches(second)));
  // Both are taken until the workers know the new rules.
  for (const auto& match : set_of(first)) EXPECT_TRUE(card.in_force().contains(match));
  rules.keep_only(flow_matches(second));
  EXPECT_EQ(card.in_force(), set_of(second));
  EXPECT_EQ(rules.size(), set_of(second).size());
  // What stayed was not made anew.
  EXPECT_EQ(card.targets.size(), 4U + 4U);
  EXPECT_TRUE(std::ranges::all_of(card.targets, [](unsigned queues) { return queues == 3; }));
  EXPECT_EQ(card.unknown, 0);
}

TEST(FlowRules, RefusedRuleChangesNothing) {
  FakeCard card;
  FlowRules rules{card, {}};
  const auto first = policy_of({"192.0.2.1"});
  ASSERT_TRUE(rules.add(flow_matches(first)));
  card.refused = FlowMatch{7, ipv6_interface("2001:db8::3", 64).address, 123};
  const auto added =
      rules.add(flow_matches(policy_of({"192.0.2.1", "192.0.2.3"}, {"2001:db8::3"}, {7})));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error(),
            "the card takes no rule for UDP port 123 of 2001:db8:0:0:0:0:0:3, VLAN 7: no room");
  EXPECT_EQ(card.in_force(), set_of(first));
  card.refused = FlowMatch{std::nullopt, ipv4_interface("192.0.2.9", 24).address, 123};
  EXPECT_EQ(rules.add(flow_matches(policy_of({"192.0.2.9"}))).error(),
            "the card takes no rule for UDP port 123 of 192.0.2.9, untagged: no room");
  EXPECT_EQ(card.in_force(), set_of(first));
  EXPECT_EQ(card.unknown, 0);
}

TEST(FlowRules, NothingStaysOnTheCard) {
  FakeCard card;
  {
    FlowRules rules{card, {}};
    ASSERT_TRUE(rules.add(flow_matches(policy_of({"192.0.2.1"}, {"2001:db8::1"}))));
    EXPECT_EQ(card.rules.size(), 4U);
  }
  EXPECT_TRUE(card.rules.empty());
  EXPECT_EQ(card.unknown, 0);
}

TEST(FlowRules, DriversThatShare) {
  for (const char* name : {"mlx5_pci", "mlx5_auxiliary", "net_mlx4"})
    EXPECT_TRUE(shares_with_kernel(name)) << name;
  for (const char* name : {"net_ixgbe", "net_ena", "net_af_xdp", ""})
    EXPECT_FALSE(shares_with_kernel(name)) << name;
}

}  // namespace
}  // namespace pollux::port
