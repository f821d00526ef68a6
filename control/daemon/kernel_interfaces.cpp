#include "control/daemon/kernel_interfaces.h"

#include <fmt/format.h>
#include <net/if.h>

#include <cerrno>
#include <set>
#include <stdexcept>
#include <utility>

#include "control/service/log.h"
#include "control/service/text.h"

namespace pollux::control {

namespace {

xdp::AttachMode attach_mode(XdpMode mode) {
  switch (mode) {
    case XdpMode::kNative:
      return xdp::AttachMode::kNative;
    case XdpMode::kGeneric:
      return xdp::AttachMode::kGeneric;
    case XdpMode::kAuto:
    case XdpMode::kCopy:
      break;
  }
  return xdp::AttachMode::kAuto;
}

// Addresses of the port that the kernel has too.
std::set<IpAddress> shared_addresses(const PortConfig& port, const InterfaceFacts& facts) {
  std::set<IpAddress> shared;
  for (const auto& own : port.ipv4) {
    if (facts.kernel_has(own.address)) shared.insert(own.address);
  }
  for (const auto& own : port.ipv6) {
    if (facts.kernel_has(own.address)) shared.insert(own.address);
  }
  return shared;
}

}  // namespace

xdp::Rules xdp_rules(const Config& config, const PortConfig& port, const InterfaceFacts& facts) {
  xdp::Rules rules{.ports = {config.ntp.port}, .vlans = port.vlans};
  const bool kernel_answers = port.host_stack == HostStack::kKernel;
  for (const auto& own : port.ipv4)
    rules.ipv4.push_back({own.address, !kernel_answers && !facts.kernel_has(own.address)});
  for (const auto& own : port.ipv6)
    rules.ipv6.push_back({own.address, !kernel_answers && !facts.kernel_has(own.address)});
  return rules;
}

KernelInterfaces::KernelInterfaces(const Config& config, const std::vector<InterfaceFacts>& facts) {
  xdp::set_library_log([](const char* line) { log_debug("libbpf: {}", line); });
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    if (port.kind != PortKind::kInterface) continue;
    auto lock = InterfaceLock::acquire(port.device);
    if (!lock) throw std::runtime_error(fmt::format("port {}: {}", port.name, lock.error()));
    Interface interface{.port = port.name,
                        .index = if_nametoindex(port.device.c_str()),
                        .driver = port.driver,
                        .ntp_port = config.ntp.port,
                        .lock = std::move(*lock)};
    if (port.driver == InterfaceDriver::kAfXdp) {
      interface.program =
          std::make_unique<xdp::InterfaceProgram>(port.device, attach_mode(port.xdp_mode));
      if (!object_) object_ = std::make_unique<xdp::ObjectFile>();
    }
    interfaces_.emplace(i, std::move(interface));
  }
  guard(config, facts);
}

void KernelInterfaces::find_programs() {
  for (auto& [index, interface] : interfaces_) {
    if (interface.program) interface.program->find();
  }
}

void KernelInterfaces::open(const Config& config, const std::vector<InterfaceFacts>& facts) {
  for (auto& [index, interface] : interfaces_) {
    if (!interface.program) continue;
    const auto set = interface.program->set(xdp_rules(config, config.ports[index], facts[index]));
    if (!set) throw std::runtime_error(fmt::format("port {}: {}", interface.port, set.error()));
  }
}

void KernelInterfaces::follow(const Config& config, const std::vector<InterfaceFacts>& facts) {
  for (auto& [index, interface] : interfaces_) {
    if (!interface.program) continue;
    const auto set = interface.program->set(xdp_rules(config, config.ports[index], facts[index]));
    interface.trouble = set ? "" : set.error();
    if (!set) log_error("port {}: {}", interface.port, set.error());
  }
  guard(config, facts);
}

void KernelInterfaces::guard(const Config& config, const std::vector<InterfaceFacts>& facts) {
  for (auto& [index, interface] : interfaces_) {
    const auto shared = shared_addresses(config.ports[index], facts[index]);
    std::erase_if(interface.guards,
                  [&shared](const auto& guard) { return !shared.contains(guard.first); });
    for (const IpAddress& address : shared) interface.guards.try_emplace(address);
  }
  retry();
}

void KernelInterfaces::retry() {
  for (auto& [index, interface] : interfaces_) {
    for (auto& [address, guard] : interface.guards) {
      if (guard.socket) continue;
      auto opened = GuardSocket::open(address, interface.ntp_port, interface.index);
      guard.error = opened ? 0 : opened.error();
      if (opened) guard.socket = std::move(*opened);
    }
  }
}

std::string KernelInterfaces::warning_of(const Interface& interface, const IpAddress& address,
                                         int error) {
  // Gone, or not yet usable: the kernel says nothing for it.
  if (error == 0 || error == EADDRNOTAVAIL) return "";
  if (error == EADDRINUSE) {
    // With af_xdp no request gets there.
    if (interface.driver == InterfaceDriver::kAfXdp) return "";
    return fmt::format(
        "port {}: another program of this host has UDP port {} of {} open; what it answers comes "
        "beside Pollux's replies",
        interface.port, interface.ntp_port, to_string(address));
  }
  return fmt::format(
      "port {}: UDP port {} of {} cannot be opened ({}), so that the kernel may call it "
      "unreachable beside Pollux's replies",
      interface.port, interface.ntp_port, to_string(address), error_text(error));
}

std::vector<std::string> KernelInterfaces::warnings() const {
  std::vector<std::string> all;
  for (const auto& [index, interface] : interfaces_) {
    if (!interface.trouble.empty())
      all.push_back(fmt::format("port {}: {}", interface.port, interface.trouble));
    for (const auto& [address, guard] : interface.guards) {
      auto warning = warning_of(interface, address, guard.error);
      if (!warning.empty()) all.push_back(std::move(warning));
    }
  }
  return all;
}

}  // namespace pollux::control
