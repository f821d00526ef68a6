// What the data plane is built from, and what it reports. Plain values without DPDK types, so that
// the control plane needs none.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/port/residence.h"
#include "dataplane/responder/counters.h"
#include "dataplane/responder/port_policy.h"
#include "nts/core/aead.h"

namespace pollux::port {

// Severity of a line from DPDK's own log.
enum class DriverLogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };
using DriverLog = std::function<void(DriverLogLevel, std::string_view line)>;

struct EalSettings {
  std::vector<unsigned> worker_cores;  // CPU numbers, one worker each
  std::vector<std::string> pci;        // addresses of the devices to take over
  bool hugepages = true;
  unsigned megabytes = 256;
  std::vector<std::string> extra;  // appended to EAL's arguments as they are
  DriverLog log;
};

struct PortSettings {
  std::string name;    // for people
  std::string device;  // PCI address or DPDK device string
  unsigned rx_descriptors = 1024;
  unsigned tx_descriptors = 1024;
  // The kernel's interface that stands for the port, to be made for what is not answered here;
  // empty: none.
  std::string kernel_interface;
  responder::PolicySettings
      policy;  // MAC address and checksum abilities are filled in from the device
  // Gives the present ticks of the clock that stamps received frames. Empty: the device's own,
  // where it offers stamps. Called on the control thread.
  std::function<std::optional<std::uint64_t>()> receive_clock;
};

// A back end of NTS's cryptography for one worker.
using MakeAead = std::function<std::unique_ptr<nts::Aead>()>;

struct DataplaneSettings {
  std::vector<PortSettings> ports;
  unsigned buffers = 16384;  // packet buffers, shared by all ports
  unsigned burst = 32;       // frames taken from a queue at once, at most responder::kMaximumBurst
  bool sleep_when_idle = false;  // give the CPU away between empty polls
  unsigned host_replies = 1000;  // ARP, neighbour and ping replies a second and worker
  double counter_hertz = 0;
  // Time is kept by CLOCK_MONOTONIC_RAW in nanoseconds instead of the CPU's counter; slower.
  bool counter_is_raw_clock = false;
  std::vector<unsigned> worker_cores;  // the same as in EalSettings
  MakeAead make_aead;                  // none: no NTS, whatever keys there are
};

struct WorkerReport {
  unsigned id = 0;
  unsigned core = 0;
  bool running = false;
  std::uint64_t packets = 0;
  std::uint64_t polls = 0;
  std::uint64_t busy_polls = 0;   // that found packets
  std::uint64_t busy_cycles = 0;  // spent in them, each from its start to that of the next
  ResidenceCounts residence{};    // replies, by how long their requests stayed
  std::array<std::uint64_t, responder::kVerdictCount> verdicts{};
  std::array<std::array<std::uint64_t, responder::kVersions>, responder::kFamilies> answered{};
  std::string nts_back_end;       // what NTS is calculated with; empty: no NTS
  std::uint64_t nts_cookies = 0;  // handed out
  // Requests with an unknown cookie key, by how long ago it probably was current: 3 rotations, 4, 5
  // and 6 or more.
  std::array<std::uint64_t, nts::kRingKeys> nts_unknown_keys{};
};

// What the workers count for a port.
struct PortCounts {
  std::uint64_t tx_full = 0;            // replies that found no place in the transmit queue
  std::uint64_t rx_stamps_used = 0;     // replies whose T2 is the stamp of the port
  std::uint64_t rx_stamps_refused = 0;  // replies without a stamp to believe, on a port with stamps
};

// The way to the kernel behind a port.
struct KernelReport {
  std::string interface;
  std::uint64_t to_kernel = 0;     // frames that the kernel has taken
  std::uint64_t from_kernel = 0;   // frames of the kernel that the port has taken
  std::uint64_t dropped_to = 0;    // for want of room, or because the interface is down
  std::uint64_t dropped_from = 0;  // for want of room in the transmit queue, or too long
  std::string trouble;             // what is wrong with the interface; empty: nothing
};

struct PortReport {
  std::string name;
  std::string device;
  std::string driver;
  wire::MacAddress mac;
  bool link_up = false;
  unsigned link_mbps = 0;  // 0: unknown
  unsigned queues = 0;
  std::string rss;            // none | flow | source
  std::string checksum;       // software | rx | tx | rx+tx
  std::string rx_timestamps;  // none | hardware
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_missed = 0;
  std::uint64_t rx_errors = 0;
  std::uint64_t rx_no_mbuf = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_errors = 0;
  PortCounts counted;
  std::optional<KernelReport> kernel;  // none: no way to the kernel
};

struct DataplaneReport {
  std::vector<WorkerReport> workers;
  std::vector<PortReport> ports;
  unsigned buffers = 0;
  unsigned buffers_in_use = 0;
};

}  // namespace pollux::port
