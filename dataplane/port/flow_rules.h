// For cards that DPDK and the kernel use at the same time (mlx5, mlx4): which frames are ours, and
// the rules of the card that say so. All others stay with the kernel. Control thread. Not tested on
// hardware.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/responder/port_policy.h"
#include "dataplane/wire/address.h"

namespace pollux::port {

// Whether a driver of this name leaves the port to the kernel too.
[[nodiscard]] bool shares_with_kernel(std::string_view driver);

// The UDP frames that one rule takes.
struct FlowMatch {
  std::optional<std::uint16_t> vlan;                           // 0: priority-tagged; none: untagged
  std::variant<wire::Ipv4Address, wire::Ipv6Address> address;  // destination
  std::uint16_t port = 0;                                      // destination, host order

  friend auto operator<=>(const FlowMatch&, const FlowMatch&) = default;
};

// Each NTP request that the policy answers is taken by one of these; each once.
[[nodiscard]] std::vector<FlowMatch> flow_matches(const responder::PolicySettings& policy);

// Where matching frames go: to these queues, spread by the hash where there are several.
struct FlowTarget {
  unsigned queues = 1;
  std::uint64_t hash = 0;  // RTE_ETH_RSS_...
};

// The card. Errors are its words.
class FlowDevice {
 public:
  using Handle = void*;  // of a rule, the device's

  FlowDevice() = default;
  virtual ~FlowDevice() = default;
  FlowDevice(const FlowDevice&) = delete;
  FlowDevice& operator=(const FlowDevice&) = delete;

  // From now on the port gets what a rule takes, and nothing else. Before it is configured.
  [[nodiscard]] virtual std::expected<void, std::string> isolate() = 0;
  [[nodiscard]] virtual std::expected<Handle, std::string> create(const FlowMatch& match,
                                                                  const FlowTarget& target) = 0;
  virtual void destroy(Handle rule) noexcept = 0;
};

// The rules of one port that are in force. The device outlives them; they outlive the port's stop
// by nothing, see clear().
class FlowRules {
 public:
  FlowRules(FlowDevice& device, FlowTarget target) : device_{device}, target_{target} {}
  ~FlowRules() { clear(); }
  FlowRules(const FlowRules&) = delete;
  FlowRules& operator=(const FlowRules&) = delete;

  // Makes the rules that are missing. Where one cannot be made, those of this call go again, and
  // the error says which.
  [[nodiscard]] std::expected<void, std::string> add(const std::vector<FlowMatch>& wanted);

  // Takes away all that are not wanted any more.
  void keep_only(const std::vector<FlowMatch>& wanted) noexcept;

  void clear() noexcept;  // before the port is stopped

  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }

 private:
  FlowDevice& device_;
  FlowTarget target_;
  std::map<FlowMatch, FlowDevice::Handle> rules_;
};

}  // namespace pollux::port
