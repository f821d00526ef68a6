#include "dataplane/port/dataplane.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <sys/random.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "dataplane/port/kernel_paths.h"
#include "dataplane/port/port.h"
#include "dataplane/port/worker.h"

namespace pollux::port {

namespace {

constexpr unsigned kCacheSize = 256;  // buffers that a worker keeps to itself
constexpr auto kUnderWay =
    static_cast<unsigned>(2 * KernelLink::kPlaces);  // to the kernel and back

struct PoolDeleter {
  void operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }
};
using Pool = std::unique_ptr<rte_mempool, PoolDeleter>;

struct RteDeleter {
  void operator()(void* memory) const noexcept { rte_free(memory); }
};

Pool make_pool(const DataplaneSettings& settings) {
  unsigned needed = 0;
  const auto workers = static_cast<unsigned>(settings.worker_cores.size());
  for (const auto& port : settings.ports)
    needed += workers * (port.rx_descriptors + port.tx_descriptors);
  for (const auto& port : settings.ports)
    needed += port.kernel_interface.empty() ? 0 : workers * kUnderWay;
  needed += workers * (kCacheSize + static_cast<unsigned>(responder::kMaximumBurst));
  if (settings.buffers < needed) {
    throw std::runtime_error(
        fmt::format("memory.mbufs = {} is too small: the descriptors of {} ports and {} workers "
                    "need {}",
                    settings.buffers, settings.ports.size(), workers, needed));
  }
  Pool pool{rte_pktmbuf_pool_create("packets", settings.buffers, kCacheSize, 0,
                                    RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY)};
  if (!pool) {
    throw std::runtime_error(
        fmt::format("no memory for {} packet buffers ({}): raise memory.megabytes or lower "
                    "memory.mbufs",
                    settings.buffers, rte_strerror(rte_errno)));
  }
  return pool;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
    throw std::runtime_error("the kernel gives no random numbers");
  }
  return seed;
}

// 10 us: more than half a round of busy polling, less than a request takes from one host to
// another.
std::int64_t longest_lead(double hertz) { return static_cast<std::int64_t>(hertz * 10e-6); }

// 8 us: NTS takes at most about that, and a batch, while more bursts wait. A burst of 32 is then
// done in some 11 us, so that a queue fed with fewer than 2.9 million packets a second does not
// overflow, whatever part of them is NTS.
std::int64_t longest_nts(double hertz) { return static_cast<std::int64_t>(hertz * 8e-6); }

responder::HostAllowance make_allowance(unsigned replies, double hertz) {
  constexpr double kBurstSeconds = 0.1;
  if (replies == 0) return {};
  const double interval = hertz / replies;
  return {.interval = std::max<std::int64_t>(1, static_cast<std::int64_t>(interval)),
          .burst = static_cast<std::int64_t>(std::max(hertz * kBurstSeconds, 8 * interval))};
}

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

WorkerReport make_report(const Worker& worker) {
  WorkerReport report{.id = worker.settings().id,
                      .core = worker.settings().core,
                      .running = worker.is_running(),
                      .packets = worker.counters().packets.read(),
                      .polls = worker.counters().polls.read(),
                      .busy_polls = worker.counters().busy_polls.read(),
                      .busy_cycles = worker.counters().busy_cycles.read(),
                      .residence = worker.residence().read()};
  const auto& counters = worker.responder_counters();
  for (std::size_t i = 0; i < report.verdicts.size(); ++i)
    report.verdicts[i] = counters.verdicts[i].read();
  if (const nts::StageCounters* nts = worker.nts_counters()) {
    report.nts_back_end = worker.aead_name();
    report.nts_cookies = nts->cookies.read();
    for (std::size_t i = 0; i < report.nts_unknown_keys.size(); ++i)
      report.nts_unknown_keys[i] = nts->unknown_keys[i].read();
  }
  for (std::size_t family = 0; family < report.answered.size(); ++family) {
    for (std::size_t version = 0; version < report.answered[family].size(); ++version) {
      report.answered[family][version] = counters.answered[family][version].read();
    }
  }
  return report;
}

}  // namespace

// Destroyed from the last member up: workers, then ports, then the buffers that both use, of which
// some are the kernel's.
struct Dataplane::Parts {
  DataplaneSettings settings;
  Pool pool;
  std::unique_ptr<rte_rcu_qsbr, RteDeleter> quiescent;
  KernelPaths kernel;
  std::vector<std::unique_ptr<Port>> ports;
  std::unique_ptr<const Rules> rules;                   // in force
  std::vector<std::unique_ptr<const Rules>> old_rules;  // that a stuck worker may still read
  std::atomic<const Rules*> rules_pointer{nullptr};     // written here, read by the workers
  std::vector<std::unique_ptr<Worker>> workers;
  bool started = false;

  [[nodiscard]] std::unique_ptr<Rules> make_rules(
      std::span<const responder::PolicySettings> policies, unsigned host_replies) const;
  [[nodiscard]] std::vector<QueueAddress> queues_of(unsigned worker);
  void make_workers(const clock::SnapshotLatch& latch);
  [[nodiscard]] bool publish(std::unique_ptr<const Rules> fresh);
  void add_flows(std::span<const responder::PolicySettings> policies);
  void keep_flows(std::span<const responder::PolicySettings> policies) noexcept;
  void settings_in_force(std::span<const responder::PolicySettings> policies);
  [[nodiscard]] bool answers_nts() const { return settings.make_aead != nullptr; }
};

std::unique_ptr<Rules> Dataplane::Parts::make_rules(
    std::span<const responder::PolicySettings> policies, unsigned host_replies) const {
  auto result = std::make_unique<Rules>();
  for (std::size_t i = 0; i < ports.size(); ++i)
    result->ports.push_back(ports[i]->make_policy(policies[i]));
  result->host_allowance = make_allowance(host_replies, settings.counter_hertz);
  return result;
}

std::vector<QueueAddress> Dataplane::Parts::queues_of(unsigned worker) {
  std::vector<QueueAddress> queues;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (worker >= ports[i]->queues()) continue;
    queues.push_back({.port_id = ports[i]->id(),
                      .queue = static_cast<std::uint16_t>(worker),
                      .rules_index = i,
                      .wire_time = &ports[i]->wire_time(),
                      .stamps = ports[i]->stamps(),
                      .kernel = kernel.link(i, worker)});
  }
  return queues;
}

void Dataplane::Parts::make_workers(const clock::SnapshotLatch& latch) {
  for (unsigned id = 0; id < settings.worker_cores.size(); ++id) {
    const Worker::Settings worker{.id = id,
                                  .core = settings.worker_cores[id],
                                  .burst = static_cast<std::uint16_t>(settings.burst),
                                  .sleep_when_idle = settings.sleep_when_idle,
                                  .longest_lead = longest_lead(settings.counter_hertz),
                                  .seed = random_seed(),
                                  .counter_is_raw_clock = settings.counter_is_raw_clock,
                                  .longest_nts = longest_nts(settings.counter_hertz)};
    const auto queues = queues_of(id);
    workers.push_back(
        std::make_unique<Worker>(worker, latch, rules_pointer, quiescent.get(), queues,
                                 settings.make_aead ? settings.make_aead() : nullptr));
  }
}

bool Dataplane::Parts::publish(std::unique_ptr<const Rules> fresh) {
  rules_pointer.store(fresh.get(), std::memory_order_release);
  old_rules.push_back(std::exchange(rules, std::move(fresh)));
  const std::uint64_t token = rte_rcu_qsbr_start(quiescent.get());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  while (rte_rcu_qsbr_check(quiescent.get(), token, false) == 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
  old_rules.clear();
  return true;
}

// All ports or none.
void Dataplane::Parts::add_flows(std::span<const responder::PolicySettings> policies) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    try {
      ports[i]->add_flows(policies[i]);
    } catch (...) {
      for (std::size_t done = 0; done < i; ++done)
        ports[done]->keep_flows(settings.ports[done].policy);
      throw;
    }
  }
}

void Dataplane::Parts::keep_flows(std::span<const responder::PolicySettings> policies) noexcept {
  for (std::size_t i = 0; i < ports.size(); ++i) ports[i]->keep_flows(policies[i]);
}

void Dataplane::Parts::settings_in_force(std::span<const responder::PolicySettings> policies) {
  for (std::size_t i = 0; i < ports.size(); ++i) settings.ports[i].policy = policies[i];
}

Dataplane::Dataplane(const DataplaneSettings& settings, const clock::SnapshotLatch& latch)
    : parts_{std::make_unique<Parts>()} {
  parts_->settings = settings;
  parts_->pool = make_pool(settings);
  const auto workers = static_cast<unsigned>(settings.worker_cores.size());
  auto* quiescent = static_cast<rte_rcu_qsbr*>(
      rte_zmalloc("quiescent", rte_rcu_qsbr_get_memsize(workers), RTE_CACHE_LINE_SIZE));
  if (quiescent == nullptr || rte_rcu_qsbr_init(quiescent, workers) != 0) {
    throw std::runtime_error("no memory for the workers' quiescent states");
  }
  parts_->quiescent.reset(quiescent);
  std::vector<responder::PolicySettings> policies;
  const TimeBase time_base{.hertz = settings.counter_hertz,
                           .is_raw_clock = settings.counter_is_raw_clock};
  for (const auto& port : settings.ports) {
    parts_->ports.push_back(std::make_unique<Port>(port, workers, parts_->pool.get(), time_base));
    parts_->kernel.add(port, *parts_->ports.back());
    policies.push_back(port.policy);
  }
  parts_->rules = parts_->make_rules(policies, settings.host_replies);
  parts_->rules_pointer.store(parts_->rules.get(), std::memory_order_release);
  parts_->make_workers(latch);
}

Dataplane::~Dataplane() { stop(); }

void Dataplane::start() {
  parts_->kernel.start();
  for (const auto& worker : parts_->workers) {
    if (rte_eal_remote_launch(&run_worker, worker.get(), worker->settings().id + 1) != 0) {
      throw std::runtime_error(fmt::format("worker {} cannot be started", worker->settings().id));
    }
    parts_->started = true;
  }
}

void Dataplane::stop() noexcept {
  for (const auto& worker : parts_->workers) worker->stop();
  if (parts_->started) rte_eal_mp_wait_lcore();
  parts_->started = false;
  parts_->kernel.stop();
}

bool Dataplane::apply(std::span<const responder::PolicySettings> policies, unsigned host_replies) {
  parts_->add_flows(policies);  // refused: nothing has changed
  parts_->kernel.apply(policies);
  auto fresh = parts_->make_rules(policies, host_replies);
  fresh->set_keys(parts_->rules->keys, parts_->answers_nts());
  const bool settled = parts_->publish(std::move(fresh));
  parts_->keep_flows(policies);
  parts_->settings_in_force(policies);
  return settled;
}

bool Dataplane::apply_keys(const std::optional<nts::KeyRing>& keys) {
  auto fresh = std::make_unique<Rules>(*parts_->rules);
  fresh->set_keys(keys, parts_->answers_nts());
  return parts_->publish(std::move(fresh));
}

void Dataplane::follow_links() noexcept {
  for (const auto& port : parts_->ports) port->follow_link();
  parts_->kernel.follow_links(parts_->ports);
}

void Dataplane::follow_clocks() noexcept {
  for (const auto& port : parts_->ports) port->follow_clock();
}

DataplaneReport Dataplane::report() const {
  DataplaneReport report{.buffers = parts_->settings.buffers,
                         .buffers_in_use = rte_mempool_in_use_count(parts_->pool.get())};
  for (const auto& worker : parts_->workers) report.workers.push_back(make_report(*worker));
  for (std::size_t i = 0; i < parts_->ports.size(); ++i) {
    PortCounts counted;
    for (const auto& worker : parts_->workers) {
      for (const auto& queue : worker->queues()) {
        if (queue.address.rules_index != i) continue;
        counted.tx_full += queue.tx_full.read();
        counted.rx_stamps_used += queue.stamps.used();
        counted.rx_stamps_refused += queue.stamps.refused();
      }
    }
    report.ports.push_back(parts_->ports[i]->report(counted));
    report.ports.back().kernel = parts_->kernel.report(i);
  }
  return report;
}

}  // namespace pollux::port
