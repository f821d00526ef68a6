#include "dataplane/port/kernel_path.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include <array>
#include <stdexcept>

namespace pollux::port {

namespace {

constexpr std::size_t kFromPlaces = 512;  // frames of the kernel that wait for the worker
constexpr std::size_t kBatch = 64;        // frames moved at once each way
constexpr unsigned kCacheSize = 32;       // buffers that the worker keeps of those it frees
constexpr std::size_t kTags = 2 * sizeof(std::uint32_t);

void free_all(BufferQueue& queue) noexcept {
  std::array<rte_mbuf*, kBatch> buffers{};
  for (auto taken = queue.take(buffers); !taken.empty(); taken = queue.take(buffers))
    rte_pktmbuf_free_bulk(taken.data(), static_cast<unsigned>(taken.size()));
}

// A pool of its own, so that what the kernel sends takes no buffer from the workers. What lies in
// the transmit queue stays there until the device needs the place.
rte_mempool* make_pool(const KernelPath::Settings& settings) {
  constexpr unsigned kOther = static_cast<unsigned>(kFromPlaces) + 2 * kCacheSize + 1;
  const unsigned buffers = kOther + settings.tx_descriptors;
  rte_mempool* pool =
      rte_pktmbuf_pool_create(("of_" + settings.interface).c_str(), buffers, kCacheSize, 0,
                              RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (pool == nullptr) {
    throw std::runtime_error(
        fmt::format("no memory for the {} packet buffers of {} ({}): raise memory.megabytes",
                    buffers, settings.interface, rte_strerror(rte_errno)));
  }
  return pool;
}

}  // namespace

KernelPath::KernelPath(const Settings& settings)
    : interface_{settings.interface, settings.mac, settings.mtu},
      longest_{wire::kEthernetHeaderLength + kTags + settings.mtu},
      pool_{make_pool(settings)} {
  for (unsigned queue = 0; queue < settings.queues; ++queue)
    links_.push_back(std::make_unique<KernelLink>(queue == 0, kFromPlaces));
}

KernelPath::~KernelPath() {
  if (spare_ != nullptr) rte_pktmbuf_free(spare_);
  for (const auto& link : links_) {
    free_all(link->to());
    free_all(link->back());
    free_all(link->from());
  }
}

void KernelPath::set_addresses(const responder::PolicySettings& policy) {
  trouble_ = interface_.set_addresses(policy.ipv4, policy.ipv6);
}

KernelReport KernelPath::report() const {
  KernelReport report{.interface = interface_.name(),
                      .to_kernel = written_.read(),
                      .dropped_to = refused_.read(),
                      .dropped_from = too_long_.read()};
  for (const auto& link : links_) {
    report.dropped_to += link->counters().to_full.read();
    report.from_kernel += link->counters().sent.read();
    report.dropped_from += link->counters().sent_full.read();
  }
  const bool gone = gone_.load(std::memory_order_relaxed);
  report.trouble =
      gone ? "it has been removed, and comes back when polluxd starts again" : trouble_;
  return report;
}

bool KernelPath::move() noexcept {
  bool moved = false;
  for (const auto& link : links_) moved |= write_frames(*link);
  moved |= read_frames();
  return moved;
}

bool KernelPath::write_frames(KernelLink& link) noexcept {
  std::array<rte_mbuf*, kBatch> buffers{};
  const auto frames =
      link.to().take(std::span{buffers}.first(std::min(kBatch, link.back().room())));
  for (const rte_mbuf* frame : frames) {
    const std::span octets{rte_pktmbuf_mtod(frame, const std::byte*), frame->data_len};
    (interface_.write(octets) ? written_ : refused_).add(1);
  }
  // There was room before, and nobody else puts.
  static_cast<void>(link.back().put(frames));
  return !frames.empty();
}

bool KernelPath::can_take() const noexcept {
  return !gone_.load(std::memory_order_relaxed) && links_.front()->from().room() != 0;
}

bool KernelPath::read_frames() noexcept {
  bool moved = false;
  for (std::size_t i = 0; i < kBatch && can_take(); ++i) {
    if (spare_ == nullptr) spare_ = rte_pktmbuf_alloc(pool_.get());
    if (spare_ == nullptr) break;
    const std::span room{rte_pktmbuf_mtod(spare_, std::byte*), rte_pktmbuf_tailroom(spare_)};
    const std::size_t length = interface_.read(room);
    if (length == 0) break;
    moved = true;
    if (length > longest_) {
      too_long_.add(1);
      continue;
    }
    spare_->data_len = static_cast<std::uint16_t>(length);
    spare_->pkt_len = static_cast<std::uint32_t>(length);
    static_cast<void>(links_.front()->from().put({&spare_, 1}));
    spare_ = nullptr;
  }
  return moved;
}

}  // namespace pollux::port
