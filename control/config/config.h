// The configuration as plain values, the same for every program, and the reader of its TOML files.
// Read and owned by the control thread; a Config is built whole and valid or not at all, and is not
// changed later.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "control/config/address_text.h"
#include "control/service/log_level.h"
#include "dataplane/wire/address.h"

namespace pollux::control {

// The enumerators stand in the order of the choices in config_keys.h.
enum class PhcTimescale : std::uint8_t { kAuto, kUtc, kTai };
enum class CounterChoice : std::uint8_t { kAuto, kTsc, kMonotonicRaw };
enum class IdleMode : std::uint8_t { kAuto, kPoll, kSleep };
enum class InterfaceDriver : std::uint8_t { kAfPacket, kAfXdp };
enum class XdpMode : std::uint8_t { kAuto, kNative, kGeneric, kCopy };
enum class NtsAead : std::uint8_t { kAuto, kLockstep, kIpsecMb, kReference };
enum class HostStack : std::uint8_t { kAuto, kNone, kKernel };

enum class PortKind : std::uint8_t { kPci, kInterface, kDevice };

struct ServerConfig {
  std::string run_dir = "/run/pollux";
  std::string user;  // that polluxd becomes; empty: stays who started it
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

struct NtsConfig {
  bool enabled = false;  // polluxd answers NTS
  std::string key_file = "/var/lib/pollux/ntskeys";
  std::string key_group;  // that may read the key file; empty: none
  // Age of the current key at which the next one takes its place; none: another program's business.
  std::optional<std::chrono::seconds> rotate = std::chrono::days{7};
  NtsAead aead = NtsAead::kAuto;  // what polluxd's workers calculate with
};

struct KeConfig {
  std::vector<IpAddress> listen = {wire::Ipv4Address{}, wire::Ipv6Address{}};
  std::uint16_t port = 4460;
  std::string certificate;  // PEM files, absolute paths; both are set, or neither is
  std::string private_key;
  std::uint8_t workers = 1;
  std::uint32_t deadline_ms = 3000;  // of a session as a whole
  std::uint32_t connections = 500;   // open at once, of all workers
  std::uint8_t cookies = 8;
  std::string ntp_server;  // empty: clients ask the address that they have
  std::uint16_t ntp_port = 123;
  std::uint32_t sessions_per_address = 8;  // 0: no limit
  std::uint32_t address_interval_ms = 250;
  std::uint32_t sessions_per_second = 0;  // 0: no limit
  std::string user;                       // empty: stays who started it
};

struct PortConfig {
  std::string name;
  PortKind kind = PortKind::kPci;
  std::string device;  // PCI address (dddd:bb:dd.f), interface name or DPDK device string, by kind
  InterfaceDriver driver = InterfaceDriver::kAfPacket;  // only for PortKind::kInterface
  XdpMode xdp_mode = XdpMode::kAuto;                    // only for InterfaceDriver::kAfXdp
  bool follows_interface = false;  // no addresses are given: those that the interface has
  std::vector<wire::Ipv4Interface> ipv4;
  std::vector<wire::Ipv6Interface> ipv6;
  std::vector<std::uint16_t> vlans;
  HostStack host_stack = HostStack::kAuto;
  std::string kernel_interface;  // to be made for the kernel; empty: plx0, plx1, ... by the port
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
  NtsConfig nts;
  KeConfig ke;
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

// Whose needs a configuration has to meet: polluxd's are a [[port]], pollux-ke's a certificate, and
// one of the two is enough for kAny. All else is checked for each of them.
enum class Program : std::uint8_t { kAny, kPolluxd, kPolluxKe };

// Merges the texts in their order: a later value takes the place of an earlier one, [[port]] tables
// add up. Gives every error of all files. Never throws.
[[nodiscard]] ConfigResult parse_config(std::span<const ConfigText> texts, Program program);

// The same from files of at most 1 MiB each.
[[nodiscard]] ConfigResult load_config(std::span<const std::filesystem::path> files,
                                       Program program);

// The files to load: `main_file`, then DIRECTORY/*.toml sorted by name but for hidden ones. A
// directory that does not exist adds nothing.
[[nodiscard]] std::vector<std::filesystem::path> config_files(
    const std::filesystem::path& main_file, const std::filesystem::path& directory);

// The keys of this program that differ and cannot be changed without a restart, e.g. "ntp.port";
// for ports "port.rx_descriptors (wan)", or "port" when devices were added, removed or reordered.
[[nodiscard]] std::vector<std::string> restart_required(const Config& running, const Config& wanted,
                                                        Program program);

}  // namespace pollux::control
