#include "control/daemon/dataplane_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

#include "control/config/config_port.h"
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

// Calls `good(address)` for each own address and counts those for which it is true.
template <typename Good>
std::size_t count_addresses(const PortConfig& port, Good&& good) {
  const auto of = [&good](const auto& own) { return good(own.address); };
  return static_cast<std::size_t>(std::ranges::count_if(port.ipv4, of) +
                                  std::ranges::count_if(port.ipv6, of));
}

std::size_t shared_addresses(const PortConfig& port, const InterfaceFacts& facts) {
  return count_addresses(port, [&](const auto& address) { return facts.kernel_has(address); });
}

bool is_xdp(const PortConfig& port) {
  return is_kernel_interface(port) && port.driver == InterfaceDriver::kAfXdp;
}

// An interface may have more addresses than a policy takes.
template <typename Own>
void take_first(std::vector<Own>& to, const std::vector<Own>& from) {
  const auto count = std::min(from.size(), responder::kMaximumAddresses);
  to.assign(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
}

void log_driver_line(port::DriverLogLevel level, std::string_view line) {
  constexpr LogLevel kLevels[] = {LogLevel::kError, LogLevel::kWarning, LogLevel::kDebug,
                                  LogLevel::kDebug};
  log_text(kLevels[static_cast<std::size_t>(level)], line);
}

// Throws std::runtime_error, in a sentence for people, should this host not be able to run what is
// wanted.
port::MakeAead make_aead_maker(NtsAead wanted) {
  const auto choice = [wanted] {
    switch (wanted) {
      case NtsAead::kLockstep:
        return nts::AeadChoice::kLockstep;
      case NtsAead::kIpsecMb:
        return nts::AeadChoice::kIpsecMb;
      case NtsAead::kReference:
        return nts::AeadChoice::kReference;
      case NtsAead::kAuto:
        break;
    }
    return nts::AeadChoice::kAuto;
  }();
  try {
    const auto chosen = nts::choose_aead(choice);
    if (!chosen.remark.empty()) log_warning("NTS is slow here: {}", chosen.remark);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error{fmt::format("nts.aead: {}", error.what())};
  }
  return [choice] { return nts::choose_aead(choice).back_end; };
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

Config with_own_addresses(const Config& config, const PortFacts& facts) {
  Config whole = config;
  for (std::size_t i = 0; i < whole.ports.size(); ++i) {
    PortConfig& port = whole.ports[i];
    if (!port.follows_interface) continue;
    take_first(port.ipv4, facts[i].ipv4);
    take_first(port.ipv6, facts[i].ipv6);
  }
  return whole;
}

std::string device_string(const PortConfig& port, std::size_t index, std::size_t workers,
                          const InterfaceFacts& facts, const std::string& xdp_object) {
  if (!is_kernel_interface(port)) return port.device;
  if (!facts.exists) {
    throw std::runtime_error(
        fmt::format("port {}: there is no interface {}", port.name, port.device));
  }
  if (port.driver == InterfaceDriver::kAfPacket) {
    return fmt::format("net_af_packet{},iface={},qpairs={},framecnt={},qdisc_bypass=1", index,
                       port.device, workers, port.rx_descriptors);
  }
  // Sockets that do without a copy are bound to the place in the driver that generic mode leaves.
  const bool copies = port.xdp_mode == XdpMode::kCopy || port.xdp_mode == XdpMode::kGeneric;
  return fmt::format("net_af_xdp{},iface={},queue_count={},xdp_prog={}{}", index, port.device,
                     std::min<std::size_t>(workers, facts.queue_pairs), xdp_object,
                     copies ? ",force_copy=1" : "");
}

bool kernel_behind(const PortConfig& port, const InterfaceFacts& facts) {
  if (kernel_interface(port, 0)) return true;
  if (port.host_stack != HostStack::kAuto) return port.host_stack == HostStack::kKernel;
  if (!is_kernel_interface(port)) return false;
  if (port.follows_interface) return true;
  const std::size_t shared = shared_addresses(port, facts);
  // With af_xdp each address goes its own way, before Pollux sees a frame.
  return is_xdp(port) ? shared == port.ipv4.size() + port.ipv6.size() : shared > 0;
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
                                                phc::CounterSource counter, double counter_hertz,
                                                const std::string& xdp_object) {
  port::DataplaneSettings settings{
      .buffers = config.memory.mbufs,
      .burst = config.workers.burst,
      .sleep_when_idle = sleeps_when_idle(config),
      .host_replies = config.limits.host_replies,
      .counter_hertz = counter_hertz,
      .counter_is_raw_clock = counter == phc::CounterSource::kMonotonicRaw,
      .worker_cores = cores};
  if (config.nts.enabled) settings.make_aead = make_aead_maker(config.nts.aead);
  const auto policies = make_policies(config, facts);
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    settings.ports.push_back({.name = port.name,
                              .device = device_string(port, i, cores.size(), facts[i], xdp_object),
                              .rx_descriptors = port.rx_descriptors,
                              .tx_descriptors = port.tx_descriptors,
                              .kernel_interface = kernel_interface(port, i).value_or(""),
                              .policy = policies[i]});
  }
  return settings;
}

std::vector<std::string> port_warnings(const Config& config, const PortFacts& facts,
                                       std::size_t workers) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    const bool has_addresses = !port.ipv4.empty() || !port.ipv6.empty();
    if (!has_addresses)
      warnings.push_back(fmt::format("port {}: {} has no address", port.name, port.device));
    if (port.follows_interface &&
        std::max(facts[i].ipv4.size(), facts[i].ipv6.size()) > responder::kMaximumAddresses) {
      warnings.push_back(fmt::format("port {}: of the addresses of {} only {} of a kind are served",
                                     port.name, port.device, responder::kMaximumAddresses));
    }
    if (!is_xdp(port)) continue;
    if (facts[i].queues > workers) {
      warnings.push_back(fmt::format(
          "port {}: {} has {} receive queues but only {} are served; ethtool -L {} combined "
          "{} makes them fit",
          port.name, port.device, facts[i].queues, workers, port.device, workers));
    }
    if (facts[i].strips_vlan_tags && !port.vlans.empty()) {
      warnings.push_back(
          fmt::format("port {}: {} may take VLAN tags off frames before they are looked at; "
                      "ethtool -K {} rxvlan off keeps them on",
                      port.name, port.device, port.device));
    }
  }
  return warnings;
}

}  // namespace pollux::control
