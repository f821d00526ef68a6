#include "control/config/config_check.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "control/config/config_nts.h"
#include "control/config/config_port.h"
#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr std::string_view kLongestSocketName = "/polluxd/ptp4l-client.sock";
constexpr std::uint64_t kMbufOctets = 2048 + 128 + 128 + 64;  // room, headroom, header, mempool
constexpr std::uint64_t kMebibyte = 1U << 20U;

void check_run_dir(ConfigReader& reader, const Config& config) {
  const std::string& run_dir = config.server.run_dir;
  const auto at = reader.set_at("server.run_dir").value_or(Location{});
  if (!run_dir.starts_with('/')) {
    reader.fail(at, fmt::format("server.run_dir: '{}' does not begin with /", printable(run_dir)));
  }
  if (run_dir.size() + kLongestSocketName.size() >= sizeof(sockaddr_un::sun_path)) {
    reader.fail(at, "server.run_dir is too long for the name of a socket in it");
  }
}

void check_clock(ConfigReader& reader, const Config& config) {
  const ClockConfig& clock = config.clock;
  check_path(reader, "clock.ptp4l", clock.ptp4l, false);
  check_path(reader, "clock.leap_file", clock.leap_file, true);
  check_path(reader, "clock.drift_file", clock.drift_file, true);
  const auto phc_at = reader.set_at("clock.phc").value_or(Location{});
  if (std::set(clock.phc.begin(), clock.phc.end()).size() != clock.phc.size())
    reader.fail(phc_at, "clock.phc: a clock is there twice");
  const std::pair<const char*, bool> only_with_phc[] = {
      {"clock.trust_phc", clock.trust_phc},
      {"clock.ptp4l", !clock.ptp4l.empty()},
      {"clock.phc_reference_id", clock.phc_reference_id.has_value()}};
  for (const auto& [key, is_set] : only_with_phc) {
    if (is_set && clock.phc.empty())
      reader.fail(reader.set_at(key).value_or(Location{}),
                  fmt::format("{} means nothing without clock.phc", key));
  }
  if (config.clock.trust && !reader.set_at("clock.stratum")) {
    reader.fail(reader.set_at("clock.trust").value_or(Location{}),
                "clock.trust = true needs clock.stratum, the stratum to be served");
  }
}

void check_cores(ConfigReader& reader, const Config& config) {
  const auto& cores = config.workers.cores;
  if (std::set(cores.begin(), cores.end()).size() != cores.size()) {
    reader.fail(reader.set_at("workers.cores").value_or(Location{}),
                "workers.cores: a CPU is there twice");
  }
}

void check_memory(ConfigReader& reader, const Config& config) {
  const MemoryConfig& memory = config.memory;
  const auto megabytes_at = reader.set_at("memory.megabytes");
  const auto at = reader.set_at("memory.mbufs").value_or(megabytes_at.value_or(Location{}));
  const std::uint64_t needed = (memory.mbufs * kMbufOctets + kMebibyte - 1) / kMebibyte;
  if (needed > memory.megabytes) {
    reader.fail(at, fmt::format("memory.mbufs: {} buffers need {} MiB, memory.megabytes is {}",
                                memory.mbufs, needed, memory.megabytes));
  }
  std::uint64_t descriptors = 0;
  for (const PortConfig& port : config.ports) {
    if (port.kind == PortKind::kPci) {
      descriptors += port.rx_descriptors * std::max<std::uint64_t>(config.workers.cores.size(), 1);
    }
  }
  if (descriptors > memory.mbufs) {
    reader.fail(at, fmt::format("memory.mbufs: {} buffers do not fill the {} receive descriptors "
                                "of all ports and workers",
                                memory.mbufs, descriptors));
  }
}

void check_ports(ConfigReader& reader, const Config& config,
                 const std::vector<Location>& ports_at) {
  std::set<std::pair<bool, std::string>> devices;
  std::set<std::string_view> names;
  std::set<std::string> kernel_interfaces;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const PortConfig& port = config.ports[i];
    const bool is_interface = port.kind == PortKind::kInterface;
    if (port.device.empty()) {
      continue;  // already told
    }
    if (!devices.emplace(is_interface, device_name(port)).second) {
      reader.fail(ports_at[i], fmt::format("[[port]]: the device {} is used by another port too",
                                           printable(device_name(port))));
    } else if (!names.insert(port.name).second) {
      reader.fail(ports_at[i], fmt::format("port.name: '{}' is the name of another port too",
                                           printable(port.name)));
    }
    const auto interface = kernel_interface(port, i);
    if (interface && !kernel_interfaces.insert(*interface).second) {
      reader.fail(ports_at[i], fmt::format("port.kernel_interface: {} is that of another port too",
                                           printable(*interface)));
    }
  }
}

void check_needs(ConfigReader& reader, const Config& config, Program program) {
  const bool has_port = !config.ports.empty();
  const bool has_certificate = !config.ke.certificate.empty();
  const bool serves_ke = program == Program::kAny && has_certificate;
  if (program != Program::kPolluxKe && !has_port && !serves_ke) {
    reader.fail(reader.here(0), "no [[port]] is given, at least one is needed");
  }
  if (program == Program::kPolluxKe && !has_certificate) {
    reader.fail(reader.here(0),
                "ke.certificate and ke.private_key are not given, pollux-ke needs "
                "them");
  }
}

}  // namespace

void check_path(ConfigReader& reader, std::string_view key, const std::string& path,
                bool may_be_none) {
  if (path.empty() || path.starts_with('/') || (may_be_none && path == kNoFile)) return;
  reader.fail(reader.set_at(key).value_or(Location{}),
              fmt::format("{}: '{}' does not begin with /{}", key, printable(path),
                          may_be_none ? " and is not 'none'" : ""));
}

void check_contradictions(ConfigReader& reader, const Config& config, Program program,
                          const std::vector<Location>& ports_at) {
  check_needs(reader, config, program);
  check_run_dir(reader, config);
  check_clock(reader, config);
  check_cores(reader, config);
  check_memory(reader, config);
  check_ports(reader, config, ports_at);
  check_nts(reader, config.nts);
  check_ke(reader, config.ke);
}

}  // namespace pollux::control
