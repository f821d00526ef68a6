// The configuration of polluxd as plain values, and the reader of its TOML files. Read and owned by
// the control thread; a Config is built whole and valid or not at all, and is not changed later.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/service/log_level.h"
#include "dataplane/wire/address.h"

namespace pollux::control {

// The enumerators stand in the order of the choices in config_keys.h.
enum class PhcTimescale : std::uint8_t { kAuto, kUtc, kTai };
enum class CounterChoice : std::uint8_t { kAuto, kTsc, kMonotonicRaw };
enum class IdleMode : std::uint8_t { kAuto, kPoll, kSleep };
enum class InterfaceDriver : std::uint8_t { kAfPacket, kAfXdp };
enum class HostStack : std::uint8_t { kAuto, kNone, kKernel };

enum class PortKind : std::uint8_t { kPci, kInterface, kDevice };

struct ServerConfig {
  std::string run_dir = "/run/pollux";
  LogLevel log_level = LogLevel::kInfo;
};

struct NtpConfig {
  std::uint16_t port = 123;
  bool symmetric = true;
  std::vector<std::uint16_t> deny_source_ports = {7, 17, 19, 53, 111, 389, 1900, 11211};
  std::uint8_t dscp = 0;
};

struct LimitsConfig {
  std::uint32_t host_replies = 1000;  // a second and worker
};

// A path that says that there is no such file.
inline constexpr const char* kNoFile = "none";

struct ClockConfig {
  std::vector<std::string> phc;  // hardware clocks in the order of preference
  bool trust_phc = false;
  PhcTimescale timescale = PhcTimescale::kAuto;
  std::uint32_t phc_error_ns = 0;  // 0: by the kind of the clock
  std::uint8_t phc_samples = 5;
  std::optional<std::uint32_t> phc_reference_id;

  // Of the system clock.
  bool trust = false;
  std::optional<std::uint8_t> stratum;
  std::optional<std::uint32_t> reference_id;  // first octet in the highest bits

  std::uint32_t holdover_max_us = 1000;
  bool local = false;
  bool chronyd = true;  // ask the chronyd of this host
  std::string ptp4l;    // socket of the ptp4l that keeps the first hardware clock; empty: none
  std::uint8_t ptp4l_domain = 0;
  std::string leap_file = "/usr/share/zoneinfo/leap-seconds.list";
  std::string drift_file = "/var/lib/pollux/drift";
  CounterChoice counter = CounterChoice::kAuto;
  std::int32_t rx_comp_ns = 0;  // from a frame's arrival to its stamp
  std::int32_t tx_comp_ns = 0;  // from a reply's stamp to its departure
};

struct WorkersConfig {
  std::vector<unsigned> cores;  // empty: the last CPU that this process may run on
  IdleMode idle = IdleMode::kAuto;
  std::uint16_t burst = 32;
};

struct MemoryConfig {
  bool hugepages = true;
  std::uint32_t megabytes = 256;
  std::uint32_t mbufs = 16384;
};

struct EalConfig {
  std::vector<std::string> extra;
};

struct PortConfig {
  std::string name;
  PortKind kind = PortKind::kPci;
  std::string device;  // PCI address (dddd:bb:dd.f), interface name or DPDK device string, by kind
  InterfaceDriver driver = InterfaceDriver::kAfPacket;  // only for PortKind::kInterface
  std::vector<wire::Ipv4Interface> ipv4;
  std::vector<wire::Ipv6Interface> ipv6;
  std::vector<std::uint16_t> vlans;
  HostStack host_stack = HostStack::kAuto;
  std::uint16_t rx_descriptors = 1024;
  std::uint16_t tx_descriptors = 1024;
};

struct Config {
  ServerConfig server;
  NtpConfig ntp;
  LimitsConfig limits;
  ClockConfig clock;
  WorkersConfig workers;
  MemoryConfig memory;
  EalConfig eal;
  std::vector<PortConfig> ports;
};

struct ConfigError {
  std::string file;
  unsigned line = 0;  // 0: the file as a whole
  std::string message;
};

// "FILE:LINE: message", without the line where it is 0.
[[nodiscard]] std::string to_string(const ConfigError& error);

// The text of one file, and the name under which errors in it are told.
struct ConfigText {
  std::string file;
  std::string text;
};

using ConfigResult = std::expected<Config, std::vector<ConfigError>>;

// Merges the texts in their order: a later value takes the place of an earlier one, [[port]] tables
// add up. Gives every error of all files. Never throws.
[[nodiscard]] ConfigResult parse_config(std::span<const ConfigText> texts);

// The same from files of at most 1 MiB each.
[[nodiscard]] ConfigResult load_config(std::span<const std::filesystem::path> files);

// The files to load: `main_file`, then DIRECTORY/*.toml sorted by name but for hidden ones. A
// directory that does not exist adds nothing.
[[nodiscard]] std::vector<std::filesystem::path> config_files(
    const std::filesystem::path& main_file, const std::filesystem::path& directory);

// The keys that differ and cannot be changed without a restart, e.g. "ntp.port"; for ports
// "port.rx_descriptors (wan)", or "port" when devices were added, removed or reordered.
[[nodiscard]] std::vector<std::string> restart_required(const Config& running,
                                                        const Config& wanted);

}  // namespace pollux::control
