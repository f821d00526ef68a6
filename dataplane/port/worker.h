// A poll-mode worker: takes bursts from its queue of every port, sends them through the responder's
// stages and back out. Runs on a CPU of its own until it is told to stop. It makes no system call
// (but to sleep, where that was asked for), takes no lock, allocates nothing, and writes only its
// own counters.
#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/port/burst.h"
#include "dataplane/port/kernel_link.h"
#include "dataplane/port/receive_stamps.h"
#include "dataplane/port/receive_time.h"
#include "dataplane/port/residence.h"
#include "dataplane/port/wire_time.h"
#include "dataplane/responder/responder.h"
#include "nts/core/aead.h"
#include "nts/core/key_ring.h"
#include "nts/core/ntp_stage.h"

namespace pollux::port {

// What workers read of the configuration; immutable, replaced as a whole.
struct Rules {
  std::vector<responder::PortPolicy> ports;  // in the order of the ports
  responder::HostAllowance host_allowance;
  std::optional<nts::KeyRing> keys;  // of NTS cookies; none: there is no NTS

  // `can_use_them`: the workers have what it takes to answer NTS.
  void set_keys(const std::optional<nts::KeyRing>& ring, bool can_use_them) {
    keys = ring;
    for (responder::PortPolicy& port : ports) port.set_answers_nts(ring && can_use_them);
  }
};

// Which queue of which port.
struct QueueAddress {
  std::uint16_t port_id = 0;
  std::uint16_t queue = 0;
  std::size_t rules_index = 0;
  const WireTime* wire_time = nullptr;  // of the port
  StampSource stamps;
  KernelLink* kernel = nullptr;  // none: what is the kernel's ends here
};

// One worker's queue of one port.
struct WorkerQueue {
  QueueAddress address;
  EarlierPoll earlier;
  bool is_backlogged = false;  // the last two polls brought full bursts: more are waiting
  responder::Count tx_full;    // replies that found no place in the transmit queue
  ReceiveStamps stamps;
};

struct WorkerCounters {
  responder::Count packets;
  responder::Count polls;
  responder::Count busy_polls;
  responder::Count busy_cycles;
};

class Worker {
 public:
  struct Settings {
    unsigned id = 0;
    unsigned core = 0;
    std::uint16_t burst = responder::kMaximumBurst;
    bool sleep_when_idle = false;
    std::int64_t longest_lead = 0;  // ticks, see receive_time.h
    std::uint64_t seed = 0;
    bool counter_is_raw_clock = false;  // as in DataplaneSettings
    std::int64_t longest_nts = 0;       // ticks for NTS in a burst of a queue with a backlog
  };

  // `rules` and `quiescent` are shared with the control thread, which changes the first and waits
  // on the second before it frees the old rules. Both outlive the worker. `aead` is the worker's
  // own; nullptr: no NTS.
  Worker(const Settings& settings, const clock::SnapshotLatch& latch,
         const std::atomic<const Rules*>& rules, rte_rcu_qsbr* quiescent,
         std::span<const QueueAddress> queues, std::unique_ptr<nts::Aead> aead);

  // The loop; on the worker's own thread. Ends after stop().
  void run() noexcept;
  void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] bool is_running() const noexcept {
    return running_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] const Residence& residence() const noexcept { return residence_; }
  [[nodiscard]] const responder::ResponderCounters& responder_counters() const noexcept {
    return responder_.counters();
  }
  // nullptr: no NTS.
  [[nodiscard]] const nts::StageCounters* nts_counters() const noexcept {
    return nts_ ? &nts_->counters() : nullptr;
  }
  // Of the AEAD back end; empty: no NTS.
  [[nodiscard]] std::string_view aead_name() const noexcept {
    return aead_ ? aead_->name() : std::string_view{};
  }
  [[nodiscard]] std::span<const WorkerQueue> queues() const noexcept { return queues_; }

 private:
  [[nodiscard]] bool poll(WorkerQueue& queue, const Rules& rules) noexcept;
  void answer_left(const responder::PortPolicy& policy, clock::Counter now,
                   const responder::HostAllowance& allowance) noexcept;
  void answer_nts(WorkerQueue& queue, const Rules& rules, clock::Counter now,
                  clock::Counter received) noexcept;
  void answer_nts_batch(nts::NtpStage& stage, const WorkerQueue& queue,
                        const responder::PortPolicy& policy, const nts::KeyRing& keys,
                        std::size_t first, std::span<const clock::Counter> received) noexcept;
  void transmit(WorkerQueue& queue) noexcept;
  void count_residence(clock::Counter sent) noexcept;
  void pass_to_kernel(WorkerQueue& queue) noexcept;
  void rest_when_idle(bool found_work) noexcept;

  Settings settings_;
  const std::atomic<const Rules*>& rules_;
  rte_rcu_qsbr* quiescent_;
  std::vector<WorkerQueue> queues_;
  responder::Responder responder_;
  std::unique_ptr<nts::Aead> aead_;
  std::optional<nts::NtpStage> nts_;  // none: no NTS
  // From the reading of the counter for T3 to the transmit call, which the sealing comes between:
  // an average of late, in ticks.
  std::int64_t nts_lead_ = 0;
  Burst burst_;
  bool busy_ = false;          // the last poll found packets
  clock::Counter busy_since_;  // when it began
  std::size_t sent_ = 0;       // replies whose residence is not counted yet
  unsigned empty_rounds_ = 0;
  alignas(64) WorkerCounters counters_;
  Residence residence_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> running_{false};
};

}  // namespace pollux::port
