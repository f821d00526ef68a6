#include "tests/bench/traffic_port.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

namespace pollux::bench {

namespace {

constexpr unsigned kBuffers = 16'384;
constexpr std::uint16_t kDescriptors = 2048;

void start_dpdk(const std::string& device, unsigned cpu, bool hugepages) {
  std::vector<std::string> arguments{"load_generator",
                                     "--lcores",
                                     "0@" + std::to_string(cpu),
                                     "--no-pci",
                                     "--no-telemetry",
                                     "--log-level=error",
                                     "-m",
                                     "128",
                                     "--vdev=" + device};
  if (hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf"});
  }
  arguments.push_back("--file-prefix=load" + std::to_string(getpid()));
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
    throw std::runtime_error(std::string{"DPDK does not start: "} + rte_strerror(rte_errno));
}

}  // namespace

TrafficPort::TrafficPort(const std::string& device, unsigned cpu, bool hugepages) {
  start_dpdk(device, cpu, hugepages);
  open();
}

void TrafficPort::open() {
  pool_ = rte_pktmbuf_pool_create("requests", kBuffers, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                  SOCKET_ID_ANY);
  if (pool_ == nullptr) throw std::runtime_error("no memory for buffers");
  const rte_eth_conf configuration{};
  std::uint16_t received = kDescriptors;
  std::uint16_t sent = kDescriptors;
  if (rte_eth_dev_count_avail() != 1 || rte_eth_dev_configure(port_, 1, 1, &configuration) != 0 ||
      rte_eth_dev_adjust_nb_rx_tx_desc(port_, &received, &sent) != 0 ||
      rte_eth_rx_queue_setup(port_, 0, received, 0, nullptr, pool_) != 0 ||
      rte_eth_tx_queue_setup(port_, 0, sent, 0, nullptr) != 0 || rte_eth_dev_start(port_) != 0)
    throw std::runtime_error("the device cannot be set up");
  rte_eth_link link{};
  for (const Stopwatch watch; watch.seconds() < 5;) {
    if (rte_eth_link_get_nowait(port_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  throw std::runtime_error("the link does not come up");
}

TrafficPort::~TrafficPort() {
  rte_eth_dev_stop(port_);
  rte_eth_dev_close(port_);
  rte_eal_cleanup();
}

void TrafficPort::send(OfferedStream& stream, std::size_t due) {
  std::array<rte_mbuf*, kBurst> frames{};
  const auto count = static_cast<std::uint16_t>(std::min<std::size_t>(due, kBurst));
  if (count == 0 || rte_pktmbuf_alloc_bulk(pool_, frames.data(), count) != 0) return;
  const std::uint64_t now = watch_.nanoseconds();
  for (rte_mbuf* frame : std::span{frames}.first(count)) {
    const auto octets = stream.next(now);
    std::memcpy(rte_pktmbuf_append(frame, static_cast<std::uint16_t>(octets.size())), octets.data(),
                octets.size());
  }
  const std::uint16_t sent = rte_eth_tx_burst(port_, 0, frames.data(), count);
  stream.sent(sent);
  rte_pktmbuf_free_bulk(frames.data() + sent, count - sent);
}

}  // namespace pollux::bench
