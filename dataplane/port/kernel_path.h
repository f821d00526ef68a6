// The way between the workers of one port and the kernel, for a port that the kernel has no driver
// for: an interface of the kernel's, and a link to each worker. move() runs on the kernel's thread,
// everything else on the control thread. Outlives the port and the workers.
#pragma once

#include <rte_mempool.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/port/kernel_interface.h"
#include "dataplane/port/kernel_link.h"
#include "dataplane/port/settings.h"

namespace pollux::port {

class KernelPath {
 public:
  struct Settings {
    std::string interface;
    wire::MacAddress mac;
    unsigned mtu = 1500;
    unsigned queues = 1;          // of the port, each with a worker
    unsigned tx_descriptors = 0;  // of a queue
  };

  // Throws std::runtime_error with a sentence.
  explicit KernelPath(const Settings& settings);
  ~KernelPath();
  KernelPath(const KernelPath&) = delete;
  KernelPath& operator=(const KernelPath&) = delete;

  // For the worker of that queue.
  [[nodiscard]] KernelLink& link(unsigned queue) noexcept { return *links_[queue]; }

  void set_addresses(const responder::PolicySettings& policy);
  void set_carrier(bool is_up) noexcept { interface_.set_carrier(is_up); }
  [[nodiscard]] KernelReport report() const;

  // Moves a bounded number of frames each way. True where there were any.
  [[nodiscard]] bool move() noexcept;
  // Whether a frame of the kernel could be taken, and what poll(2) can wait for it on.
  [[nodiscard]] bool can_take() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return interface_.descriptor(); }
  // Somebody has removed the interface.
  void set_gone() noexcept { gone_.store(true, std::memory_order_relaxed); }

 private:
  struct PoolDeleter {
    void operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }
  };

  [[nodiscard]] bool write_frames(KernelLink& link) noexcept;
  [[nodiscard]] bool read_frames() noexcept;

  KernelInterface interface_;
  std::size_t longest_;  // frame, in octets
  std::unique_ptr<rte_mempool, PoolDeleter> pool_;
  std::vector<std::unique_ptr<KernelLink>> links_;
  std::string trouble_;
  rte_mbuf* spare_ = nullptr;  // for the next frame of the kernel
  std::atomic<bool> gone_{false};
  alignas(64) responder::Count written_;  // by the kernel's thread, as the next two
  responder::Count refused_;              // frames that the kernel did not take
  responder::Count too_long_;             // frames of the kernel
};

}  // namespace pollux::port
