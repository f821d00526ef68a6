// From the configuration to what the data plane is built from. Control thread.
#pragma once

#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/daemon/interface_facts.h"
#include "dataplane/port/settings.h"
#include "ptp/phc/counter.h"

namespace pollux::control {

// Each port's configuration with the facts of its interface (empty facts for the other kinds).
using PortFacts = std::vector<InterfaceFacts>;
[[nodiscard]] PortFacts read_port_facts(const Config& config);

// The CPUs of the workers: as configured, or the last one of `allowed`.
[[nodiscard]] std::vector<unsigned> worker_cores(const Config& config,
                                                 const std::vector<unsigned>& allowed);

// The configuration with the addresses of every port: those of its interface where it has none.
[[nodiscard]] Config with_own_addresses(const Config& config, const PortFacts& facts);

// The functions below take a configuration that has them.

// The DPDK device string of a port; `xdp_object` is the path of the XDP program. Throws
// std::runtime_error when the interface cannot be used.
[[nodiscard]] std::string device_string(const PortConfig& port, std::size_t index,
                                        std::size_t workers, const InterfaceFacts& facts,
                                        const std::string& xdp_object);

// True where ARP, pings and the like are the kernel's.
[[nodiscard]] bool kernel_behind(const PortConfig& port, const InterfaceFacts& facts);

[[nodiscard]] bool sleeps_when_idle(const Config& config);

[[nodiscard]] std::vector<responder::PolicySettings> make_policies(const Config& config,
                                                                   const PortFacts& facts);

[[nodiscard]] port::EalSettings make_eal_settings(const Config& config,
                                                  const std::vector<unsigned>& cores);

[[nodiscard]] port::DataplaneSettings make_dataplane_settings(
    const Config& config, const PortFacts& facts, const std::vector<unsigned>& cores,
    phc::CounterSource counter, double counter_hertz, const std::string& xdp_object);

// What an operator should know of the ports before looking further.
[[nodiscard]] std::vector<std::string> port_warnings(const Config& config, const PortFacts& facts,
                                                     std::size_t workers);

}  // namespace pollux::control
