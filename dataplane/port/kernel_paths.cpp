#include "dataplane/port/kernel_paths.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace pollux::port {

void KernelPaths::add(const PortSettings& settings, const Port& port) {
  std::unique_ptr<KernelPath>& path = paths_.emplace_back();
  if (settings.kernel_interface.empty()) return;
  try {
    path = std::make_unique<KernelPath>(
        KernelPath::Settings{.interface = settings.kernel_interface,
                             .mac = port.mac(),
                             .mtu = port.mtu(),
                             .queues = port.queues(),
                             .tx_descriptors = settings.tx_descriptors});
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("port {}: {}", settings.name, error.what()));
  }
  path->set_addresses(settings.policy);
  path->set_carrier(port.link_is_up());
}

KernelLink* KernelPaths::link(std::size_t port, unsigned queue) noexcept {
  return paths_[port] ? &paths_[port]->link(queue) : nullptr;
}

void KernelPaths::start() {
  if (std::ranges::none_of(paths_, [](const auto& path) { return path != nullptr; })) return;
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "pollux-kernel");
}

void KernelPaths::stop() noexcept {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
}

void KernelPaths::apply(std::span<const responder::PolicySettings> policies) {
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (paths_[i]) paths_[i]->set_addresses(policies[i]);
  }
}

void KernelPaths::follow_links(std::span<const std::unique_ptr<Port>> ports) noexcept {
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (paths_[i]) paths_[i]->set_carrier(ports[i]->link_is_up());
  }
}

std::optional<KernelReport> KernelPaths::report(std::size_t port) const {
  if (!paths_[port]) return std::nullopt;
  return paths_[port]->report();
}

void KernelPaths::run() noexcept {
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  unsigned idle_rounds = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    bool moved = false;
    for (const auto& path : paths_) {
      if (path) moved |= path->move();
    }
    idle_rounds = moved ? 0 : idle_rounds + 1;
    if (!moved) rest(idle_rounds);
  }
}

// Frames of the kernel end the nap, those of workers wait for its end: 20 us behind other frames,
// half a millisecond after a pause.
void KernelPaths::rest(unsigned idle_rounds) noexcept {
  constexpr long kShortest = 20'000;  // ns
  constexpr long kLongest = 500'000;
  constexpr unsigned kRoundsOfOneLength = 16;
  const unsigned doublings = std::min(idle_rounds / kRoundsOfOneLength, 5U);
  const timespec nap{.tv_sec = 0, .tv_nsec = std::min(kLongest, kShortest << doublings)};
  constexpr std::size_t kPorts = 32;
  std::array<pollfd, kPorts> waiting{};
  std::array<KernelPath*, kPorts> owners{};
  nfds_t count = 0;
  for (const auto& path : paths_) {
    if (!path || !path->can_take() || count == kPorts) continue;
    owners[count] = path.get();
    waiting[count++] = {.fd = path->descriptor(), .events = POLLIN, .revents = 0};
  }
  if (ppoll(waiting.data(), count, &nap, nullptr) <= 0) return;
  for (nfds_t i = 0; i < count; ++i) {
    if ((waiting[i].revents & (POLLERR | POLLNVAL)) != 0) owners[i]->set_gone();
  }
}

}  // namespace pollux::port
