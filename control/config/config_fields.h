// Binds the keys of config_keys.h to the members of the configuration structs, once for reading and
// for comparing. A key that is not in the table does not compile. Constants only; any thread.
#pragma once

#include <string_view>
#include <tuple>

#include "control/config/config.h"
#include "control/config/config_keys.h"

namespace pollux::control {

template <typename Struct, typename Value>
struct Field {
  Key key;
  Value Struct::* member;

  consteval Field(std::string_view path, Value Struct::* field)
      : key(key_of(path)), member(field) {}
};

inline constexpr std::tuple kServerFields{
    Field{"server.run_dir", &ServerConfig::run_dir},
    Field{"server.user", &ServerConfig::user},
    Field{"server.log_level", &ServerConfig::log_level},
};

inline constexpr std::tuple kNtpFields{
    Field{"ntp.port", &NtpConfig::port},
    Field{"ntp.symmetric", &NtpConfig::symmetric},
    Field{"ntp.deny_source_ports", &NtpConfig::deny_source_ports},
    Field{"ntp.dscp", &NtpConfig::dscp},
};

inline constexpr std::tuple kLimitsFields{
    Field{"limits.host_replies", &LimitsConfig::host_replies},
};

inline constexpr std::tuple kClockFields{
    Field{"clock.phc", &ClockConfig::phc},
    Field{"clock.trust_phc", &ClockConfig::trust_phc},
    Field{"clock.timescale", &ClockConfig::timescale},
    Field{"clock.phc_error_ns", &ClockConfig::phc_error_ns},
    Field{"clock.phc_samples", &ClockConfig::phc_samples},
    Field{"clock.phc_reference_id", &ClockConfig::phc_reference_id},
    Field{"clock.trust", &ClockConfig::trust},
    Field{"clock.stratum", &ClockConfig::stratum},
    Field{"clock.reference_id", &ClockConfig::reference_id},
    Field{"clock.holdover_max_us", &ClockConfig::holdover_max_us},
    Field{"clock.local", &ClockConfig::local},
    Field{"clock.chronyd", &ClockConfig::chronyd},
    Field{"clock.ptp4l", &ClockConfig::ptp4l},
    Field{"clock.ptp4l_domain", &ClockConfig::ptp4l_domain},
    Field{"clock.leap_file", &ClockConfig::leap_file},
    Field{"clock.drift_file", &ClockConfig::drift_file},
    Field{"clock.counter", &ClockConfig::counter},
    Field{"clock.rx_comp_ns", &ClockConfig::rx_comp_ns},
    Field{"clock.tx_comp_ns", &ClockConfig::tx_comp_ns},
};

inline constexpr std::tuple kWorkersFields{
    Field{"workers.cores", &WorkersConfig::cores},
    Field{"workers.idle", &WorkersConfig::idle},
    Field{"workers.burst", &WorkersConfig::burst},
};

inline constexpr std::tuple kMemoryFields{
    Field{"memory.hugepages", &MemoryConfig::hugepages},
    Field{"memory.megabytes", &MemoryConfig::megabytes},
    Field{"memory.mbufs", &MemoryConfig::mbufs},
};

inline constexpr std::tuple kEalFields{
    Field{"eal.extra", &EalConfig::extra},
};

inline constexpr std::tuple kNtsFields{
    Field{"nts.enabled", &NtsConfig::enabled},     Field{"nts.key_file", &NtsConfig::key_file},
    Field{"nts.key_group", &NtsConfig::key_group}, Field{"nts.rotate", &NtsConfig::rotate},
    Field{"nts.aead", &NtsConfig::aead},
};

inline constexpr std::tuple kKeFields{
    Field{"ke.listen", &KeConfig::listen},
    Field{"ke.port", &KeConfig::port},
    Field{"ke.certificate", &KeConfig::certificate},
    Field{"ke.private_key", &KeConfig::private_key},
    Field{"ke.workers", &KeConfig::workers},
    Field{"ke.deadline_ms", &KeConfig::deadline_ms},
    Field{"ke.connections", &KeConfig::connections},
    Field{"ke.cookies", &KeConfig::cookies},
    Field{"ke.ntp_server", &KeConfig::ntp_server},
    Field{"ke.ntp_port", &KeConfig::ntp_port},
    Field{"ke.sessions_per_address", &KeConfig::sessions_per_address},
    Field{"ke.address_interval_ms", &KeConfig::address_interval_ms},
    Field{"ke.sessions_per_second", &KeConfig::sessions_per_second},
    Field{"ke.user", &KeConfig::user},
};

// Without the device and the addresses, which config_port.cpp reads.
inline constexpr std::tuple kPortFields{
    Field{"port.name", &PortConfig::name},
    Field{"port.driver", &PortConfig::driver},
    Field{"port.xdp_mode", &PortConfig::xdp_mode},
    Field{"port.vlans", &PortConfig::vlans},
    Field{"port.host_stack", &PortConfig::host_stack},
    Field{"port.kernel_interface", &PortConfig::kernel_interface},
    Field{"port.rx_descriptors", &PortConfig::rx_descriptors},
    Field{"port.tx_descriptors", &PortConfig::tx_descriptors},
};

// Calls `visit(section name, fields, member of Config)` for each section but the ports.
template <typename Visitor>
constexpr void for_each_section(Visitor&& visit) {
  visit("server", kServerFields, &Config::server);
  visit("ntp", kNtpFields, &Config::ntp);
  visit("limits", kLimitsFields, &Config::limits);
  visit("clock", kClockFields, &Config::clock);
  visit("workers", kWorkersFields, &Config::workers);
  visit("memory", kMemoryFields, &Config::memory);
  visit("eal", kEalFields, &Config::eal);
  visit("nts", kNtsFields, &Config::nts);
  visit("ke", kKeFields, &Config::ke);
}

// Calls `visit(field)` for each field of a tuple above.
template <typename Fields, typename Visitor>
constexpr void for_each_field(const Fields& fields, Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, fields);
}

}  // namespace pollux::control
