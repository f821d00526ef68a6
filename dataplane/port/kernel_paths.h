// The ways to the kernel of all ports that have one, and the thread that moves their frames. It
// naps where there is nothing to move, and nobody wakes it for what workers have put: a worker
// makes no system call. Control thread but for that thread's own loop.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "dataplane/port/kernel_path.h"
#include "dataplane/port/port.h"
#include "dataplane/port/settings.h"

namespace pollux::port {

class KernelPaths {
 public:
  KernelPaths() = default;
  ~KernelPaths() { stop(); }
  KernelPaths(const KernelPaths&) = delete;
  KernelPaths& operator=(const KernelPaths&) = delete;

  // The next port, in order. Makes its interface where the settings name one. Throws
  // std::runtime_error with a sentence that names the port.
  void add(const PortSettings& settings, const Port& port);

  // For the worker of that queue; nullptr: the port has no way to the kernel.
  [[nodiscard]] KernelLink* link(std::size_t port, unsigned queue) noexcept;

  // The thread; it inherits the CPUs of the control thread. Throws std::system_error.
  void start();
  void stop() noexcept;  // once no worker runs

  void apply(std::span<const responder::PolicySettings> policies);
  void follow_links(std::span<const std::unique_ptr<Port>> ports) noexcept;
  [[nodiscard]] std::optional<KernelReport> report(std::size_t port) const;

 private:
  void run() noexcept;
  void rest(unsigned idle_rounds) noexcept;

  std::vector<std::unique_ptr<KernelPath>> paths_;  // in the order of the ports, null for none
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace pollux::port
