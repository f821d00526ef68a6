// One DPDK port: found or created from its settings, configured with one queue pair for each
// worker, started, asked for its counters. Control thread only; the workers know a port by its
// number.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/port/counter.h"
#include "dataplane/port/flow_rules.h"
#include "dataplane/port/receive_clock.h"
#include "dataplane/port/settings.h"
#include "dataplane/port/wire_time.h"

struct rte_mempool;

namespace pollux::port {

class Port {
 public:
  // Finds or creates the device, and configures and starts it. Frames are received into `pool`.
  // Throws std::runtime_error with a sentence that names the port.
  Port(const PortSettings& settings, unsigned workers, rte_mempool* pool,
       const TimeBase& time_base);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  [[nodiscard]] std::uint16_t id() const noexcept { return id_; }
  [[nodiscard]] unsigned queues() const noexcept { return queues_; }

  [[nodiscard]] wire::MacAddress mac() const noexcept;
  // Of the longest IP packet that fits a frame and a buffer, in octets.
  [[nodiscard]] unsigned mtu() const noexcept;
  // True where the device does not know.
  [[nodiscard]] bool link_is_up() const noexcept;

  // `wanted` completed with what the device determines: MAC address, checksum abilities.
  [[nodiscard]] responder::PortPolicy make_policy(const responder::PolicySettings& wanted) const;

  // On a port that the kernel uses too: has the card hand over what the policy answers besides what
  // it does already. Throws std::runtime_error with a sentence, and then nothing has changed.
  void add_flows(const responder::PolicySettings& wanted);
  // And only that, from now on.
  void keep_flows(const responder::PolicySettings& wanted) noexcept;

  // Reads the speed of the link, on which wire_time() depends.
  void follow_link() noexcept;
  // For the workers: lives as long as the port.
  [[nodiscard]] const WireTime& wire_time() const noexcept { return wire_time_; }

  // Reads the clock that stamps received frames, where there is one.
  void follow_clock() noexcept;
  // For the workers: as long as the port lives.
  [[nodiscard]] StampSource stamps() const noexcept;

  // `counted` is the workers' part.
  [[nodiscard]] PortReport report(const PortCounts& counted) const;

 private:
  void attach(const PortSettings& settings);
  void configure(const PortSettings& settings, unsigned workers, rte_mempool* pool);
  void share_with_kernel();
  void start(const responder::PolicySettings& policy);
  void open_receive_clock(const PortSettings& settings, const TimeBase& time_base);
  void remove_created() noexcept;

  std::string name_;
  std::string device_;
  std::string driver_;
  std::uint16_t id_ = 0;
  bool created_ = false;  // by us, and so removed by us
  unsigned queues_ = 0;
  std::string rss_ = "none";
  std::uint64_t hash_ = 0;                   // of the addresses, for several queues
  std::unique_ptr<FlowDevice> flow_device_;  // of a port that the kernel uses too
  std::unique_ptr<FlowRules> flows_;         // the same
  bool receive_checksums_ = false;
  bool transmit_checksums_ = false;
  bool has_wire_ = false;  // what the device says of its speed is so
  WireTime wire_time_;
  bool stamps_ = false;  // the device has been asked to stamp received frames
  std::unique_ptr<ReceiveClock> receive_clock_;
};

}  // namespace pollux::port
