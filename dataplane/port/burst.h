// The frames of one receive call on their way to one transmit call: DPDK buffers beside what the
// responder knows of them. Belongs to one worker and is used again for every burst.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/responder/responder.h"
#include "dataplane/wire/ip.h"

namespace pollux::port {

class Burst {
 public:
  using Buffers = std::array<rte_mbuf*, responder::kMaximumBurst>;

  // Where a receive call puts its buffers; set_received() tells how many came.
  [[nodiscard]] rte_mbuf** buffers() noexcept { return buffers_.data(); }
  void set_received(std::uint16_t count) noexcept { count_ = count; }

  [[nodiscard]] std::span<responder::Packet> packets() noexcept {
    return {packets_.data(), count_};
  }

  // Describes the buffers to the responder.
  void describe() noexcept;

  // Parts replies, whose buffers are brought up to date, from what is to be freed. Usual requests
  // are replies and are turned in their places: a burst of nothing else needs neither.
  void sort(const responder::PortPolicy& policy, bool all_usual) noexcept;

  [[nodiscard]] std::span<rte_mbuf*> replies() noexcept { return {replies_, reply_count_}; }
  [[nodiscard]] std::span<rte_mbuf*> others() noexcept { return {others_.data(), other_count_}; }

 private:
  void part() noexcept;
  static void update(rte_mbuf& buffer, const responder::Packet& packet) noexcept;
  [[nodiscard]] static std::uint8_t good_checksums(std::uint64_t flags) noexcept;
  static void request_checksums(rte_mbuf& buffer, const responder::Packet& packet) noexcept;

  std::uint16_t count_ = 0;
  std::uint16_t reply_count_ = 0;
  std::uint16_t other_count_ = 0;
  rte_mbuf** replies_ = nullptr;  // in buffers_ or in sorted_
  Buffers buffers_{};
  Buffers sorted_{};
  Buffers others_{};
  std::array<responder::Packet, responder::kMaximumBurst> packets_{};
};

inline void Burst::describe() noexcept {
  for (std::uint16_t i = 0; i < count_; ++i) {
    const rte_mbuf& buffer = *buffers_[i];
    responder::Packet& packet = packets_[i];
    packet.frame = rte_pktmbuf_mtod(&buffer, std::byte*);
    // A frame in several pieces is longer than any that is answered; without a length it counts as
    // truncated.
    packet.length = buffer.nb_segs == 1 ? buffer.data_len : std::uint16_t{0};
    packet.room = static_cast<std::uint16_t>(buffer.buf_len - buffer.data_off);
    packet.good_checksums =
        buffer.ol_flags == 0 ? std::uint8_t{0} : good_checksums(buffer.ol_flags);
  }
}

inline std::uint8_t Burst::good_checksums(std::uint64_t flags) noexcept {
  std::uint8_t good = 0;
  if ((flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
    good |= responder::kIpChecksum;
  if ((flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
    good |= responder::kUdpChecksum;
  return good;
}

inline void Burst::sort(const responder::PortPolicy& policy, bool all_usual) noexcept {
  other_count_ = 0;
  if (all_usual) [[likely]] {
    replies_ = buffers_.data();
    reply_count_ = count_;
  } else {
    part();
  }
  if (!policy.transmit_checksums()) return;
  for (std::uint16_t i = 0; i < count_; ++i) request_checksums(*buffers_[i], packets_[i]);
}

inline void Burst::part() noexcept {
  replies_ = sorted_.data();
  reply_count_ = 0;
  for (std::uint16_t i = 0; i < count_; ++i) {
    if (responder::is_reply(packets_[i].verdict)) {
      update(*buffers_[i], packets_[i]);
      sorted_[reply_count_++] = buffers_[i];
    } else {
      others_[other_count_++] = buffers_[i];
    }
  }
}

inline void Burst::update(rte_mbuf& buffer, const responder::Packet& packet) noexcept {
  buffer.data_off =
      static_cast<std::uint16_t>(packet.frame - static_cast<std::byte*>(buffer.buf_addr));
  buffer.data_len = packet.length;
  buffer.pkt_len = packet.length;
}

// Only IPv4 headers and UDP are left to the port: ICMP and ARP come out complete.
inline void Burst::request_checksums(rte_mbuf& buffer, const responder::Packet& packet) noexcept {
  if (!responder::is_reply(packet.verdict) || packet.verdict == responder::Verdict::reply_arp)
    return;
  const bool is_ipv4 = packet.family == responder::Family::kIpv4;
  buffer.tx_offload = 0;
  buffer.l2_len = packet.ip_offset & 0x7fU;
  buffer.l3_len = is_ipv4 ? wire::kIpv4HeaderLength : wire::kIpv6HeaderLength;
  buffer.ol_flags |= is_ipv4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_IPV6;
  if (packet.verdict == responder::Verdict::reply_plain) buffer.ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
}

}  // namespace pollux::port
