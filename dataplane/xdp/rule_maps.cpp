#include "dataplane/xdp/rule_maps.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "dataplane/wire/be.h"
#include "dataplane/xdp/layout.h"

namespace pollux::xdp {

namespace {

std::array<std::uint8_t, 2> network_order(std::uint16_t value) {
  return {static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

template <typename Address>
std::uint8_t kind_of(const Own<Address>& own) {
  return own.everything ? kXdpEverything : kXdpRequests;
}

}  // namespace

RuleMaps::Content RuleMaps::content_of(const Rules& rules) {
  Content content;
  for (const auto port : rules.ports) content.ports[network_order(port)] = 1;
  for (const auto vlan : rules.vlans)
    content.vlans[std::bit_cast<std::array<std::uint8_t, 2>>(vlan)] = 1;
  for (const auto& own : rules.ipv4) {
    content.ipv4[own.address.octets] = kind_of(own);
    content.everything |= own.everything;
  }
  for (const auto& own : rules.ipv6) {
    content.ipv6[own.address.octets] = kind_of(own);
    content.everything |= own.everything;
  }
  return content;
}

// These give 0 or an errno.

template <std::size_t Size>
int RuleMaps::add(const char* map, const Entries<Size>& wanted, Entries<Size>& present) {
  for (const auto& [key, value] : wanted) {
    const auto found = present.find(key);
    if (found != present.end() && found->second == value) continue;
    if (bpf_map_update_elem(program_->map(map), key.data(), &value, BPF_ANY) != 0) return errno;
    present[key] = value;
  }
  return 0;
}

template <std::size_t Size>
int RuleMaps::remove(const char* map, const Entries<Size>& wanted, Entries<Size>& present) {
  for (auto entry = present.begin(); entry != present.end();) {
    if (wanted.contains(entry->first)) {
      ++entry;
      continue;
    }
    if (bpf_map_delete_elem(program_->map(map), entry->first.data()) != 0 && errno != ENOENT)
      return errno;
    entry = present.erase(entry);
  }
  return 0;
}

int RuleMaps::set_everything(bool everything) {
  const std::uint32_t key = 0;
  const std::uint32_t value = everything ? 1 : 0;
  if (present_.everything == everything) return 0;
  if (bpf_map_update_elem(program_->map("everything"), &key, &value, BPF_ANY) != 0) return errno;
  present_.everything = everything;
  return 0;
}

std::expected<void, std::string> RuleMaps::set(const Rules& rules) {
  const Content wanted = content_of(rules);
  int error = set_everything(present_.everything || wanted.everything);
  if (error == 0) error = add("ports", wanted.ports, present_.ports);
  if (error == 0) error = add("vlans", wanted.vlans, present_.vlans);
  if (error == 0) error = add("ipv4", wanted.ipv4, present_.ipv4);
  if (error == 0) error = add("ipv6", wanted.ipv6, present_.ipv6);
  if (error == 0) error = remove("ipv4", wanted.ipv4, present_.ipv4);
  if (error == 0) error = remove("ipv6", wanted.ipv6, present_.ipv6);
  if (error == 0) error = remove("vlans", wanted.vlans, present_.vlans);
  if (error == 0) error = remove("ports", wanted.ports, present_.ports);
  if (error == 0) error = set_everything(wanted.everything);
  if (error == 0) return {};
  return std::unexpected{fmt::format("the maps of the XDP program cannot be changed: {}",
                                     std::generic_category().message(error))};
}

}  // namespace pollux::xdp
