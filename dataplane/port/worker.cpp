#include "dataplane/port/worker.h"

#include <rte_ethdev.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "dataplane/port/counter.h"

namespace pollux::port {

Worker::Worker(const Settings& settings, const clock::SnapshotLatch& latch,
               const std::atomic<const Rules*>& rules, rte_rcu_qsbr* quiescent,
               std::span<const QueueAddress> queues, std::unique_ptr<nts::Aead> aead)
    : settings_{settings},
      rules_{rules},
      quiescent_{quiescent},
      queues_(queues.size()),
      responder_{latch, settings.seed},
      aead_{std::move(aead)} {
  if (aead_) nts_.emplace(*aead_);
  for (std::size_t i = 0; i < queues.size(); ++i) queues_[i].address = queues[i];
}

void Worker::run() noexcept {
  // Only matters to a worker that sleeps: the default slack of 50 us would double its naps.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  rte_rcu_qsbr_thread_register(quiescent_, settings_.id);
  rte_rcu_qsbr_thread_online(quiescent_, settings_.id);
  running_.store(true, std::memory_order_relaxed);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const Rules& rules = *rules_.load(std::memory_order_acquire);
    bool found_work = false;
    for (WorkerQueue& queue : queues_) {
      found_work |= poll(queue, rules);
      if (KernelLink* kernel = queue.address.kernel; kernel != nullptr) [[unlikely]]
        found_work |= kernel->serve(queue.address.port_id, queue.address.queue);
    }
    rte_rcu_qsbr_quiescent(quiescent_, settings_.id);
    if (settings_.sleep_when_idle) rest_when_idle(found_work);
  }
  running_.store(false, std::memory_order_relaxed);
  rte_rcu_qsbr_thread_offline(quiescent_, settings_.id);
  rte_rcu_qsbr_thread_unregister(quiescent_, settings_.id);
}

bool Worker::poll(WorkerQueue& queue, const Rules& rules) noexcept {
  const bool raw_clock = settings_.counter_is_raw_clock;
  const clock::Counter asked = read_counter(raw_clock);
  // A reading takes as long as half a packet: this one also ends the busy poll before.
  if (busy_) {
    counters_.busy_cycles.add(static_cast<std::uint64_t>(asked - busy_since_));
    count_residence(asked);
  }
  const std::uint16_t count = rte_eth_rx_burst(queue.address.port_id, queue.address.queue,
                                               burst_.buffers(), settings_.burst);
  counters_.polls.add(1);
  busy_ = count != 0;
  if (!busy_) {
    queue.earlier = {.at = asked, .drained = true};
    return false;
  }
  // Read behind the receive call: what it brought has come by now, wherever the worker was held up.
  const clock::Counter now = read_counter(raw_clock);
  const clock::Counter received = receive_time(queue.earlier, now, settings_.longest_lead);
  busy_since_ = asked;
  const bool drained = count < settings_.burst;
  queue.is_backlogged = !drained && !queue.earlier.drained;
  queue.earlier = {.at = asked, .drained = drained};

  const responder::PortPolicy& policy = rules.ports[queue.address.rules_index];
  burst_.set_received(count);
  burst_.turn_usual(responder_, policy);
  if (burst_.has_left()) answer_left(policy, asked, rules.host_allowance);
  if (policy.transmit_checksums()) burst_.request_checksums();
  const clock::NtpDuration wire_time = queue.address.wire_time->read();
  if (queue.address.stamps.latch == nullptr) [[likely]] {
    responder_.stamp(policy, received, read_counter(raw_clock), wire_time);
  } else {
    const auto stamped = queue.stamps.read(queue.address.stamps, burst_.replies(), now, received);
    responder_.stamp_each(policy, stamped, read_counter(raw_clock), wire_time);
  }
  transmit(queue);
  if (!burst_.nts_packets().empty()) [[unlikely]] {
    count_residence(read_counter(raw_clock));
    answer_nts(queue, rules, now, received);
  }
  if (burst_.has_left()) pass_to_kernel(queue);

  counters_.packets.add(count);
  counters_.busy_polls.add(1);
  return true;
}

// The long way, of the frames that turn_usual() left.
void Worker::answer_left(const responder::PortPolicy& policy, clock::Counter now,
                         const responder::HostAllowance& allowance) noexcept {
  burst_.describe_left();
  const auto packets = burst_.left();
  responder::Responder::classify(packets, policy);
  responder_.limit(packets, now, allowance);
  responder_.prepare(packets, policy);
  burst_.part();
}

// After the plain requests of the burst. Where the queue has a backlog the time for NTS is bounded,
// so that a flood of it leaves the plain ones their share.
void Worker::answer_nts(WorkerQueue& queue, const Rules& rules, clock::Counter now,
                        clock::Counter received) noexcept {
  const responder::PortPolicy& policy = rules.ports[queue.address.rules_index];
  const auto packets = burst_.nts_packets();
  for (std::size_t first = 0; first < packets.size(); first += nts::kBatch) {
    const auto batch = packets.subspan(first, std::min(nts::kBatch, packets.size() - first));
    const bool has_time =
        first == 0 || !queue.is_backlogged ||
        read_counter(settings_.counter_is_raw_clock) - now < settings_.longest_nts;
    if (has_time && rules.keys && nts_) {
      std::array<rte_mbuf*, nts::kBatch> buffers{};
      std::array<clock::Counter, nts::kBatch> times{};
      times.fill(received);
      for (std::size_t i = 0; i < batch.size(); ++i) buffers[i] = burst_.nts_buffer(first + i);
      std::span<const clock::Counter> stamped = times;
      if (queue.address.stamps.latch != nullptr) {
        stamped = queue.stamps.read(queue.address.stamps, std::span{buffers}.first(batch.size()),
                                    now, received);
      }
      answer_nts_batch(*nts_, queue, policy, *rules.keys, first, stamped.first(batch.size()));
    } else {
      for (responder::Packet* packet : batch) packet->verdict = responder::Verdict::drop_nts_busy;
    }
    for (const responder::Packet* packet : batch) responder_.count_nts(*packet);
    burst_.part_nts(first, batch.size(), policy.transmit_checksums());
    transmit(queue);
    count_residence(read_counter(settings_.counter_is_raw_clock));
  }
}

void Worker::answer_nts_batch(nts::NtpStage& stage, const WorkerQueue& queue,
                              const responder::PortPolicy& policy, const nts::KeyRing& keys,
                              std::size_t first,
                              std::span<const clock::Counter> received) noexcept {
  stage.open(burst_.nts_packets().subspan(first, received.size()), keys);
  stage.prepare(policy, keys);
  const clock::Counter before = read_counter(settings_.counter_is_raw_clock);
  stage.finish(policy, responder_.clock(), received, before + nts_lead_,
               queue.address.wire_time->read());
  constexpr std::int64_t kMemory = 8;
  const std::int64_t took = read_counter(settings_.counter_is_raw_clock) - before;
  nts_lead_ += (took - nts_lead_) / kMemory;
}

// Of what transmit() sent, where the poll that is under way began at busy_since_.
void Worker::count_residence(clock::Counter sent) noexcept {
  residence_.add(sent - busy_since_, std::exchange(sent_, 0));
}

void Worker::transmit(WorkerQueue& queue) noexcept {
  const auto replies = burst_.replies();
  sent_ = replies.size();
  if (!replies.empty()) {
    const std::uint16_t sent =
        rte_eth_tx_burst(queue.address.port_id, queue.address.queue, replies.data(),
                         static_cast<std::uint16_t>(replies.size()));
    const auto refused = replies.subspan(sent);
    if (!refused.empty()) [[unlikely]] {
      queue.tx_full.add(refused.size());
      rte_pktmbuf_free_bulk(refused.data(), static_cast<unsigned>(refused.size()));
    }
  }
  const auto others = burst_.others();
  if (!others.empty()) rte_pktmbuf_free_bulk(others.data(), static_cast<unsigned>(others.size()));
}

void Worker::pass_to_kernel(WorkerQueue& queue) noexcept {
  for (const bool is_urgent : {true, false}) {
    const auto frames = is_urgent ? burst_.kernel_urgent() : burst_.kernel();
    if (frames.empty()) continue;
    if (queue.address.kernel != nullptr) {
      queue.address.kernel->pass(frames, is_urgent);
    } else {
      rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(frames.size()));
    }
  }
}

void Worker::rest_when_idle(bool found_work) noexcept {
  constexpr unsigned kRoundsBeforeRest = 64;
  constexpr timespec kRest{.tv_sec = 0, .tv_nsec = 10'000};
  if (found_work) {
    empty_rounds_ = 0;
  } else if (++empty_rounds_ > kRoundsBeforeRest) {
    nanosleep(&kRest, nullptr);
  }
}

}  // namespace pollux::port
