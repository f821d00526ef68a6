// A worker's end of the way to the kernel, for one queue of one port: frames that are the kernel's
// go out, frames of the kernel come in, and buffers whose frame the kernel has come back to be
// freed. Made by the control thread; the other ends belong to the kernel's thread (kernel_path.h).
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/port/buffer_queue.h"
#include "dataplane/responder/counters.h"
#include "dataplane/responder/packet.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"

namespace pollux::port {

// Frames that keep a host reachable: ARP and IPv6 neighbour discovery (RFC 4861 §4). `packet` is
// one that classify_frame() has left to the kernel.
[[nodiscard]] inline bool keeps_reachable(const responder::Packet& packet) noexcept {
  constexpr std::uint8_t kRouterSolicitation = 133;
  constexpr std::uint8_t kNeighborAdvertisement = 136;
  if (packet.ip_offset < wire::kEthernetHeaderLength || packet.ip_offset > packet.length)
    return false;
  const std::byte* header = packet.frame + packet.ip_offset;
  const std::uint16_t ether_type = wire::load_be16(header - sizeof(std::uint16_t));
  if (ether_type == wire::kEtherTypeArp) return true;
  if (ether_type != wire::kEtherTypeIpv6 ||
      packet.length <= packet.ip_offset + wire::kIpv6HeaderLength ||
      wire::load_u8(header + wire::ipv6::kNextHeader) != wire::kProtocolIcmpv6)
    return false;
  const std::uint8_t type = wire::load_u8(header + wire::kIpv6HeaderLength);
  return type >= kRouterSolicitation && type <= kNeighborAdvertisement;
}

class KernelLink {
 public:
  // Buffers of the workers' pool that may be under way to the kernel and back, for each link.
  static constexpr std::size_t kPlaces = 512;
  // Of those, what only frames that keep the host reachable may take.
  static constexpr std::size_t kReserve = 64;
  // Frames of the kernel that a worker sends in one round.
  static constexpr std::size_t kShare = 16;

  struct Counters {
    responder::Count to_full;    // frames that found no place on the way to the kernel
    responder::Count sent;       // frames of the kernel
    responder::Count sent_full;  // frames of the kernel that found no place in the transmit queue
  };

  // `sends`: this is the link whose worker sends what comes from the kernel.
  KernelLink(bool sends, std::size_t from_places) : sends_{sends}, from_{from_places} {}

  // Worker: hands the frames over; those that find no place are dropped.
  void pass(std::span<rte_mbuf* const> buffers, bool keep_reachable) noexcept {
    const std::size_t passed = to_.put(buffers, keep_reachable ? 0 : kReserve);
    const auto refused = buffers.subspan(passed);
    if (refused.empty()) [[likely]]
      return;
    counters_.to_full.add(refused.size());
    for (rte_mbuf* buffer : refused) rte_pktmbuf_free(buffer);
  }

  // Worker, once in a round: frees what has come back and sends what has come. True where there was
  // something.
  bool serve(std::uint16_t port_id, std::uint16_t queue) noexcept {
    if (back_.is_empty() && (!sends_ || from_.is_empty())) [[likely]]
      return false;
    std::array<rte_mbuf*, 2 * responder::kMaximumBurst> buffers{};
    if (const auto back = back_.take(buffers); !back.empty())
      rte_pktmbuf_free_bulk(back.data(), static_cast<unsigned>(back.size()));
    if (!sends_) return true;
    const auto frames = from_.take(std::span{buffers}.first(kShare));
    if (frames.empty()) return true;
    const std::uint16_t sent =
        rte_eth_tx_burst(port_id, queue, frames.data(), static_cast<std::uint16_t>(frames.size()));
    counters_.sent.add(sent);
    if (const auto refused = frames.subspan(sent); !refused.empty()) [[unlikely]] {
      counters_.sent_full.add(refused.size());
      rte_pktmbuf_free_bulk(refused.data(), static_cast<unsigned>(refused.size()));
    }
    return true;
  }

  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

  // For the kernel's thread.
  [[nodiscard]] BufferQueue& to() noexcept { return to_; }
  [[nodiscard]] BufferQueue& back() noexcept { return back_; }
  [[nodiscard]] BufferQueue& from() noexcept { return from_; }

 private:
  bool sends_;
  BufferQueue to_{kPlaces};
  BufferQueue back_{kPlaces};
  BufferQueue from_;
  alignas(64) Counters counters_;
};

}  // namespace pollux::port
