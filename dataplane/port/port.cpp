#include "dataplane/port/port.h"

#include <fmt/format.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "dataplane/port/flow_device.h"
#include "dataplane/wire/ethernet.h"

namespace pollux::port {

namespace {

constexpr std::uint64_t kReceiveChecksums =
    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
constexpr std::uint64_t kTransmitChecksums =
    RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
constexpr std::uint64_t kHashOnAddresses = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 |
                                           RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 |
                                           RTE_ETH_RSS_IPV6_EX;
constexpr std::uint64_t kHashOnFlows =
    kHashOnAddresses | RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

// Drivers whose frames may come from a kernel of this host that leaves checksums to the "hardware".
constexpr std::array<std::string_view, 3> kSameHostDrivers{"net_af_packet", "net_af_xdp",
                                                           "net_vhost"};

// Drivers of virtual cards on a PCI bus, which name some speed.
constexpr std::array<std::string_view, 2> kVirtualCards{"net_virtio", "net_vmxnet3"};

// Whether frames leave by a wire of the speed that the device names. Those of DPDK's virtual bus
// all say 10 Gbit/s.
bool has_wire(const rte_eth_dev_info& device) {
  return rte_bus_name(rte_dev_bus(device.device)) != std::string_view{"vdev"} &&
         std::ranges::find(kVirtualCards, device.driver_name) == kVirtualCards.end();
}

std::string_view device_name(std::string_view device) { return device.substr(0, device.find(',')); }

[[noreturn]] void fail(const std::string& port, std::string_view what, int error) {
  throw std::runtime_error(
      fmt::format("port {}: {}: {}", port, what, rte_strerror(error < 0 ? -error : error)));
}

// Hash that keeps a client on one worker: source address alone where the device can.
std::uint64_t choose_hash(const rte_eth_dev_info& device, std::string& name) {
  const std::uint64_t able = device.flow_type_rss_offloads;
  if ((able & RTE_ETH_RSS_L3_SRC_ONLY) != 0 && (able & kHashOnAddresses) != 0) {
    name = "source";
    return (able & kHashOnAddresses) | RTE_ETH_RSS_L3_SRC_ONLY;
  }
  name = (able & kHashOnFlows) != 0 ? "flow" : "none";
  return able & kHashOnFlows;
}

}  // namespace

Port::Port(const PortSettings& settings, unsigned workers, rte_mempool* pool,
           const TimeBase& time_base)
    : name_{settings.name}, device_{settings.device} {
  try {
    attach(settings);
    configure(settings, workers, pool);
    start(settings.policy);
    open_receive_clock(settings, time_base);
  } catch (...) {
    flows_.reset();
    remove_created();
    throw;
  }
}

Port::~Port() {
  flows_.reset();
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
  remove_created();
}

void Port::remove_created() noexcept {
  if (created_) rte_eal_hotplug_remove("vdev", std::string{device_name(device_)}.c_str());
}

void Port::attach(const PortSettings& settings) {
  const std::string name{device_name(settings.device)};
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) == 0) return;
  if (const int error = rte_dev_probe(settings.device.c_str()); error != 0) {
    fail(name_, fmt::format("the device {} cannot be used", settings.device), error);
  }
  created_ = true;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
    throw std::runtime_error(
        fmt::format("port {}: {} is not a network device", name_, settings.device));
  }
}

void Port::configure(const PortSettings& settings, unsigned workers, rte_mempool* pool) {
  rte_eth_dev_info device{};
  if (const int error = rte_eth_dev_info_get(id_, &device); error != 0)
    fail(name_, "no device information", error);
  driver_ = device.driver_name;
  has_wire_ = has_wire(device);
  queues_ = std::min({workers, static_cast<unsigned>(device.max_rx_queues),
                      static_cast<unsigned>(device.max_tx_queues)});
  if (shares_with_kernel(driver_)) share_with_kernel();
  receive_checksums_ = (device.rx_offload_capa & kReceiveChecksums) == kReceiveChecksums;
  transmit_checksums_ = (device.tx_offload_capa & kTransmitChecksums) == kTransmitChecksums;

  stamps_ = (device.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0 &&
            read_device_clock(id_).has_value();

  rte_eth_conf conf{};
  if (stamps_) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
  if (receive_checksums_) conf.rxmode.offloads |= kReceiveChecksums;
  if (transmit_checksums_) conf.txmode.offloads |= kTransmitChecksums;
  // Buffers are never shared, and all come from one pool where the kernel sends nothing.
  if (settings.kernel_interface.empty())
    conf.txmode.offloads |= device.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
  if (queues_ > 1) {
    hash_ = choose_hash(device, rss_);
    conf.rx_adv_conf.rss_conf.rss_hf = hash_;
    if (hash_ != 0) conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  }
  const auto queues = static_cast<std::uint16_t>(queues_);
  if (const int error = rte_eth_dev_configure(id_, queues, queues, &conf); error != 0) {
    fail(name_, fmt::format("{} queues cannot be configured", queues), error);
  }
  auto received = static_cast<std::uint16_t>(settings.rx_descriptors);
  auto sent = static_cast<std::uint16_t>(settings.tx_descriptors);
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &received, &sent);
  const int socket = rte_eth_dev_socket_id(id_);
  const auto node = static_cast<unsigned>(socket < 0 ? 0 : socket);
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    if (const int error = rte_eth_rx_queue_setup(id_, queue, received, node, nullptr, pool);
        error != 0) {
      fail(name_, fmt::format("receive queue {} cannot be set up", queue), error);
    }
    if (const int error = rte_eth_tx_queue_setup(id_, queue, sent, node, nullptr); error != 0) {
      fail(name_, fmt::format("transmit queue {} cannot be set up", queue), error);
    }
  }
}

// Before the port is configured: the kernel shall not lose a frame while it starts.
void Port::share_with_kernel() {
  flow_device_ = std::make_unique<RteFlowDevice>(id_);
  if (const auto isolated = flow_device_->isolate(); !isolated) {
    throw std::runtime_error(fmt::format("port {}: {} cannot be shared with the kernel: {}", name_,
                                         driver_, isolated.error()));
  }
}

void Port::add_flows(const responder::PolicySettings& wanted) {
  if (!flows_) return;
  if (const auto added = flows_->add(flow_matches(wanted)); !added)
    throw std::runtime_error(fmt::format("port {}: {}", name_, added.error()));
}

void Port::keep_flows(const responder::PolicySettings& wanted) noexcept {
  if (flows_) flows_->keep_only(flow_matches(wanted));
}

void Port::start(const responder::PolicySettings& policy) {
  if (const int error = rte_eth_dev_start(id_); error != 0) fail(name_, "cannot be started", error);
  if (flow_device_) {
    flows_ =
        std::make_unique<FlowRules>(*flow_device_, FlowTarget{.queues = queues_, .hash = hash_});
    add_flows(policy);
  }
  // Neighbour solicitations are multicast. Virtual devices without this filter hand over
  // everything.
  rte_eth_allmulticast_enable(id_);
  follow_link();
}

void Port::open_receive_clock(const PortSettings& settings, const TimeBase& time_base) {
  ReceiveClock::Read read = settings.receive_clock;
  if (!read && stamps_) read = [id = id_] { return read_device_clock(id); };
  if (read) receive_clock_ = std::make_unique<ReceiveClock>(std::move(read), time_base);
}

void Port::follow_clock() noexcept {
  if (receive_clock_) receive_clock_->follow();
}

StampSource Port::stamps() const noexcept {
  return receive_clock_ ? receive_clock_->source() : StampSource{};
}

void Port::follow_link() noexcept {
  rte_eth_link link{};
  const bool is_known = has_wire_ && rte_eth_link_get_nowait(id_, &link) == 0 &&
                        link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
  wire_time_.set_speed(is_known ? link.link_speed : 0);
}

wire::MacAddress Port::mac() const noexcept {
  wire::MacAddress result;
  rte_ether_addr mac{};
  rte_eth_macaddr_get(id_, &mac);
  std::ranges::copy(mac.addr_bytes, result.octets.begin());
  return result;
}

unsigned Port::mtu() const noexcept {
  constexpr std::uint16_t kLongest =
      RTE_MBUF_DEFAULT_DATAROOM - 2 * sizeof(std::uint32_t) - wire::kEthernetHeaderLength - 1;
  std::uint16_t mtu = 0;
  if (rte_eth_dev_get_mtu(id_, &mtu) != 0) mtu = RTE_ETHER_MTU;
  return std::min(mtu, kLongest);
}

bool Port::link_is_up() const noexcept {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) != 0 || link.link_status == RTE_ETH_LINK_UP;
}

responder::PortPolicy Port::make_policy(const responder::PolicySettings& wanted) const {
  responder::PolicySettings settings = wanted;
  settings.mac = mac();
  settings.transmit_checksums = transmit_checksums_;
  settings.partial_checksums =
      std::ranges::find(kSameHostDrivers, driver_) != kSameHostDrivers.end();
  return responder::PortPolicy{settings};
}

PortReport Port::report(const PortCounts& counted) const {
  PortReport report{.name = name_,
                    .device = device_,
                    .driver = driver_,
                    .queues = queues_,
                    .rss = rss_,
                    .rx_timestamps = receive_clock_ ? "hardware" : "none",
                    .counted = counted};
  report.checksum = receive_checksums_ && transmit_checksums_ ? "rx+tx"
                    : receive_checksums_                      ? "rx"
                    : transmit_checksums_                     ? "tx"
                                                              : "software";
  report.mac = mac();
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) == 0) {
    report.link_up = link.link_status == RTE_ETH_LINK_UP;
    report.link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
  }
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) == 0) {
    report.rx_packets = stats.ipackets;
    report.rx_bytes = stats.ibytes;
    report.rx_missed = stats.imissed;
    report.rx_errors = stats.ierrors;
    report.rx_no_mbuf = stats.rx_nombuf;
    report.tx_packets = stats.opackets;
    report.tx_bytes = stats.obytes;
    report.tx_errors = stats.oerrors;
  }
  return report;
}

}  // namespace pollux::port
