#include "control/daemon/dataplane_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "control/service/log.h"
#include "nts/aead/choose.h"

namespace pollux::control {

namespace {

bool is_kernel_interface(const PortConfig& port) { return port.kind == PortKind::kInterface; }

// The device string that names a TAP gives a port whose other end is this host's kernel.
bool is_kernel_fed(const PortConfig& port) {
  return is_kernel_interface(port) ||
         (port.kind == PortKind::kDevice && port.device.starts_with("net_tap"));
}

bool carries_own_address(const PortConfig& port, const InterfaceFacts& facts) {
  const auto owns = [&facts](const wire::Ipv4Interface& own) {
    return std::ranges::find(facts.ipv4, own.address) != facts.ipv4.end();
  };
  const auto owns_ipv6 = [&facts](const wire::Ipv6Interface& own) {
    return std::ranges::find(facts.ipv6, own.address) != facts.ipv6.end();
  };
  return std::ranges::any_of(port.ipv4, owns) || std::ranges::any_of(port.ipv6, owns_ipv6);
}

void log_driver_line(port::DriverLogLevel level, std::string_view line) {
  constexpr LogLevel kLevels[] = {LogLevel::kError, LogLevel::kWarning, LogLevel::kDebug,
                                  LogLevel::kDebug};
  log_text(kLevels[static_cast<std::size_t>(level)], line);
}

}  // namespace

PortFacts read_port_facts(const Config& config) {
  PortFacts facts;
  for (const auto& port : config.ports) {
    facts.push_back(is_kernel_interface(port) ? read_interface_facts(port.device)
                                              : InterfaceFacts{});
  }
  return facts;
}

std::vector<unsigned> worker_cores(const Config& config, const std::vector<unsigned>& allowed) {
  if (!config.workers.cores.empty() || allowed.empty()) return config.workers.cores;
  return {allowed.back()};
}

std::string device_string(const PortConfig& port, std::size_t index, std::size_t workers,
                          const InterfaceFacts& facts) {
  if (!is_kernel_interface(port)) return port.device;
  if (!facts.exists) {
    throw std::runtime_error(
        fmt::format("port {}: there is no interface {}", port.name, port.device));
  }
  if (port.driver == InterfaceDriver::kAfPacket) {
    return fmt::format("net_af_packet{},iface={},qpairs={},framecnt={},qdisc_bypass=1", index,
                       port.device, workers, port.rx_descriptors);
  }
  // The XDP program that comes with this driver takes every frame.
  if (!facts.ipv4.empty() || !facts.ipv6.empty()) {
    throw std::runtime_error(
        fmt::format("port {}: af_xdp would take every packet of {} from the kernel, which has "
                    "addresses there; use driver = \"af_packet\", or an interface without "
                    "addresses",
                    port.name, port.device));
  }
  return fmt::format("net_af_xdp{},iface={},queue_count={}", index, port.device,
                     std::min<std::size_t>(workers, facts.queues));
}

bool kernel_behind(const PortConfig& port, const InterfaceFacts& facts) {
  if (port.host_stack != HostStack::kAuto) return port.host_stack == HostStack::kKernel;
  return is_kernel_interface(port) && port.driver == InterfaceDriver::kAfPacket &&
         carries_own_address(port, facts);
}

bool sleeps_when_idle(const Config& config) {
  if (config.workers.idle != IdleMode::kAuto) return config.workers.idle == IdleMode::kSleep;
  return std::ranges::all_of(config.ports, is_kernel_fed);
}

std::vector<responder::PolicySettings> make_policies(const Config& config, const PortFacts& facts) {
  std::vector<responder::PolicySettings> policies;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    policies.push_back({.ipv4 = port.ipv4,
                        .ipv6 = port.ipv6,
                        .vlans = port.vlans,
                        .denied_source_ports = config.ntp.deny_source_ports,
                        .ntp_port = config.ntp.port,
                        .dscp = config.ntp.dscp,
                        .answers_symmetric = config.ntp.symmetric,
                        .kernel_behind_port = kernel_behind(port, facts[i])});
  }
  return policies;
}

port::EalSettings make_eal_settings(const Config& config, const std::vector<unsigned>& cores) {
  port::EalSettings settings{.worker_cores = cores,
                             .hugepages = config.memory.hugepages,
                             .megabytes = config.memory.megabytes,
                             .extra = config.eal.extra,
                             .log = log_driver_line};
  for (const auto& port : config.ports) {
    if (port.kind == PortKind::kPci) settings.pci.push_back(port.device);
  }
  return settings;
}

port::DataplaneSettings make_dataplane_settings(const Config& config, const PortFacts& facts,
                                                const std::vector<unsigned>& cores,
                                                phc::CounterSource counter, double counter_hertz) {
  port::DataplaneSettings settings{
      .buffers = config.memory.mbufs,
      .burst = config.workers.burst,
      .sleep_when_idle = sleeps_when_idle(config),
      .host_replies = config.limits.host_replies,
      .counter_hertz = counter_hertz,
      .counter_is_raw_clock = counter == phc::CounterSource::kMonotonicRaw,
      .worker_cores = cores};
  if (config.nts.enabled) {
    const auto chosen = nts::choose_aead();
    if (!chosen.remark.empty()) log_warning("NTS is slow here: {}", chosen.remark);
    settings.make_aead = [] { return nts::choose_aead().back_end; };
  }
  const auto policies = make_policies(config, facts);
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    settings.ports.push_back({.name = port.name,
                              .device = device_string(port, i, cores.size(), facts[i]),
                              .rx_descriptors = port.rx_descriptors,
                              .tx_descriptors = port.tx_descriptors,
                              .policy = policies[i]});
  }
  return settings;
}

std::vector<std::string> port_warnings(const Config& config, const PortFacts& facts,
                                       std::size_t workers) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    if (is_kernel_interface(port) && port.driver == InterfaceDriver::kAfPacket &&
        carries_own_address(port, facts[i])) {
      warnings.push_back(fmt::format(
          "port {}: the kernel has an address of this port too and also answers what comes to it "
          "(with "
          "\"port unreachable\" where nothing listens); drop UDP port {} from {} in its firewall",
          port.name, config.ntp.port, port.device));
    }
    const bool is_xdp = is_kernel_interface(port) && port.driver == InterfaceDriver::kAfXdp;
    if (is_xdp && facts[i].queues > workers) {
      warnings.push_back(fmt::format(
          "port {}: {} has {} receive queues but only {} are served; ethtool -L {} combined "
          "{} makes them fit",
          port.name, port.device, facts[i].queues, workers, port.device, workers));
    }
  }
  return warnings;
}

}  // namespace pollux::control
