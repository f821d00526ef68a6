// Configuration texts that several tests use, and the short way to parse them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "control/config/config.h"

namespace pollux::control {

// Every key once, with values that are not the defaults.
inline constexpr std::string_view kFullText = R"([server]
run_dir = "/run/other"
log_level = "debug"

[ntp]
port = 1123
symmetric = false
deny_source_ports = [7, 53]
dscp = 46

[limits]
host_replies = 0

[clock]
phc = ["eth1", "ena-ptp-*"]
trust_phc = true
timescale = "tai"
phc_error_ns = 250
phc_samples = 9
phc_reference_id = "GNSS"
holdover_max_us = 500
local = true
chronyd = false
ptp4l = "/run/ptp4l"
ptp4l_domain = 24
leap_file = "none"
drift_file = "/run/drift"
counter = "tsc"
rx_comp_ns = -120
tx_comp_ns = 80
trust = true
stratum = 3
reference_id = "GPS"

[workers]
cores = [1, 3]
idle = "sleep"
burst = 16

[memory]
hugepages = false
megabytes = 128
mbufs = 8192

[eal]
extra = ["--log-level", "8"]

[nts]
enabled = true
key_file = "/run/keys"
key_group = "pollux"
rotate = "36h"
aead = "ipsec-mb"

[ke]
listen = ["192.0.2.1", "2001:db8::1"]
port = 4461
certificate = "/etc/pollux/chain.pem"
private_key = "/etc/pollux/key.pem"
workers = 2
deadline_ms = 5000
connections = 100
cookies = 4
ntp_server = "ntp.example"
ntp_port = 1123
sessions_per_address = 0
address_interval_ms = 1000
sessions_per_second = 50
user = "pollux-ke"

[[port]]
name = "wan"
pci = "06:0A.0"
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
vlans = [100, 200]
host_stack = "none"
rx_descriptors = 512
tx_descriptors = 256

[[port]]
interface = "eth0"
driver = "af_xdp"
addresses = ["198.51.100.7"]

[[port]]
device = "net_memif0,role=server,socket=/run/x.sock"
addresses = ["2001:db8::2"]
)";

inline constexpr std::string_view kSmallText = R"([[port]]
pci = "0000:00:06.0"
addresses = ["192.0.2.1/24"]
)";

inline ConfigResult parse(std::string_view text, Program program = Program::kPolluxd) {
  const ConfigText one{"a.toml", std::string(text)};
  return parse_config(std::span(&one, 1), program);
}

// All errors, a line each.
inline std::string errors_of(const ConfigResult& result) {
  std::string text;
  if (!result) {
    for (const ConfigError& error : result.error()) {
      text += to_string(error) + '\n';
    }
  }
  return text;
}

}  // namespace pollux::control
