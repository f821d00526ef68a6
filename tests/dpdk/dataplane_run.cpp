#include "tests/dpdk/dataplane_run.h"

#include <gtest/gtest.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <atomic>
#include <thread>
#include <utility>

#include "ptp/phc/counter.h"
#include "tests/dpdk/eal_environment.h"
#include "tests/support/frame_runner.h"

namespace pollux::test {

namespace {

// ThreadSanitizer cannot see rte_eal_mp_wait_lcore() wait. One more errand for each thread of a
// worker, with a flag that it does see, tells it that the worker has ended.
void join_workers() {
  std::atomic<unsigned> done{0};
  const auto errand = [](void* count) {
    static_cast<std::atomic<unsigned>*>(count)->fetch_add(1, std::memory_order_acq_rel);
    return 0;
  };
  unsigned launched = 0;
  for (unsigned lcore = 1; lcore <= worker_cores().size(); ++lcore) {
    const bool is_idle = rte_eal_remote_launch(errand, &done, lcore) == 0;
    EXPECT_TRUE(is_idle) << "the worker on lcore " << lcore << " has not ended";
    if (is_idle) ++launched;
  }
  while (done.load(std::memory_order_acquire) != launched) std::this_thread::yield();
  rte_eal_mp_wait_lcore();
}

port::DataplaneSettings completed(port::DataplaneSettings settings, double hertz) {
  settings.counter_hertz = hertz;
  settings.counter_is_raw_clock = phc::counter_source() == phc::CounterSource::kMonotonicRaw;
  return settings;
}

}  // namespace

void stop_and_join(port::Dataplane& dataplane) {
  dataplane.stop();
  join_workers();
}

bool wait_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds{20});
  }
  return true;
}

port::PortSettings server_port(const std::string& name, const std::string& device) {
  port::PortSettings port{.name = name,
                          .device = device,
                          .rx_descriptors = 256,
                          .tx_descriptors = 256,
                          .policy = server_settings()};
  port.policy.vlans = {100};
  port.policy.denied_source_ports = {53};
  return port;
}

port::DataplaneSettings settings_for(std::vector<port::PortSettings> ports) {
  return {.ports = std::move(ports),
          .buffers = 8192,
          .sleep_when_idle = shares_cpu_with_worker(),
          .host_replies = 1'000'000,
          .worker_cores = worker_cores()};
}

DataplaneRun::DataplaneRun(port::DataplaneSettings settings)
    : dataplane_{completed(std::move(settings), clock_.hertz()), clock_.latch()} {
  clock_.publish();
}

void DataplaneRun::start() {
  started_ = true;
  dataplane_.start();
}

void DataplaneRun::stop() {
  if (std::exchange(started_, false)) stop_and_join(dataplane_);
}

std::uint64_t DataplaneRun::packets() const {
  std::uint64_t sum = 0;
  for (const auto& worker : report().workers) sum += worker.packets;
  return sum;
}

bool DataplaneRun::wait_for_packets(std::uint64_t count) const {
  return wait_until([&] { return packets() >= count; });
}

std::uint64_t DataplaneRun::verdicts(responder::Verdict verdict) const {
  std::uint64_t sum = 0;
  for (const auto& worker : report().workers) sum += worker.verdicts[index(verdict)];
  return sum;
}

std::string pcap_device(const std::filesystem::path& directory) {
  return "net_pcap0,rx_pcap=" + (directory / "requests.pcap").string() +
         ",tx_pcap=" + (directory / "replies.pcap").string();
}

}  // namespace pollux::test
