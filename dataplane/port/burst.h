// The frames of one receive call on their way to one transmit call: DPDK buffers beside what the
// responder knows of them. Belongs to one worker and is used again for every burst.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/port/kernel_link.h"
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

  // The first stage. A burst of nothing but usual requests needs no other before stamping: all are
  // replies, where they lie.
  void turn_usual(responder::Responder& responder, const responder::PortPolicy& policy) noexcept;
  [[nodiscard]] bool has_left() const noexcept { return left_ != 0; }

  // What turn_usual() left, in order, once it is described to the responder.
  void describe_left() noexcept;
  [[nodiscard]] std::span<responder::Packet> left() noexcept {
    return {packets_.data(), static_cast<std::size_t>(std::popcount(left_))};
  }

  // Parts replies, whose buffers are brought up to date, from what is to be freed, from what is the
  // kernel's and from the requests of NTS, by the verdicts of left().
  void part() noexcept;

  // Leaves to the port what is its part of the replies that part() found.
  void request_checksums() noexcept;

  // The requests of NTS, which are answered after the others and in smaller numbers.
  [[nodiscard]] std::span<responder::Packet* const> nts_packets() const noexcept {
    return {nts_packets_.data(), nts_count_};
  }
  [[nodiscard]] rte_mbuf* nts_buffer(std::size_t i) const noexcept {
    return buffers_[nts_places_[i]];
  }
  // Parts `count` of them from the `first` one on, once they are answered or not.
  void part_nts(std::size_t first, std::size_t count, bool port_completes_checksums) noexcept;

  [[nodiscard]] std::span<rte_mbuf*> replies() noexcept { return {replies_, reply_count_}; }
  [[nodiscard]] std::span<rte_mbuf*> others() noexcept { return {others_.data(), other_count_}; }
  // The kernel's; nothing of it counts but after part(). First those that keep the host reachable.
  [[nodiscard]] std::span<rte_mbuf*> kernel_urgent() noexcept {
    return {kernel_urgent_.data(), kernel_urgent_count_};
  }
  [[nodiscard]] std::span<rte_mbuf*> kernel() noexcept { return {kernel_.data(), kernel_count_}; }

 private:
  [[nodiscard]] bool is_left(std::size_t i) const noexcept { return (left_ >> i & 1U) != 0; }
  [[nodiscard]] static responder::Frame frame_of(const rte_mbuf& buffer) noexcept;
  static void update(rte_mbuf& buffer, const responder::Packet& packet) noexcept;
  void add_kernel(rte_mbuf* buffer, const responder::Packet& packet) noexcept;
  [[nodiscard]] static std::uint8_t good_checksums(std::uint64_t flags) noexcept;
  static void request_checksums(rte_mbuf& buffer, const responder::Packet& packet) noexcept;

  // What request_checksums() has to know of usual replies.
  static constexpr responder::Packet kUsualIpv4{.verdict = responder::Verdict::reply_plain,
                                                .family = responder::Family::kIpv4,
                                                .ip_offset = responder::kIpOffset};
  static constexpr responder::Packet kUsualIpv6{.verdict = responder::Verdict::reply_plain,
                                                .family = responder::Family::kIpv6,
                                                .ip_offset = responder::kIpOffset};

  std::uint16_t count_ = 0;
  std::uint16_t reply_count_ = 0;
  std::uint16_t other_count_ = 0;
  std::uint32_t left_ = 0;        // bit i: buffer i takes the long way
  rte_mbuf** replies_ = nullptr;  // in buffers_ or in sorted_
  Buffers buffers_{};
  Buffers sorted_{};
  Buffers others_{};
  std::uint16_t kernel_count_ = 0;
  std::uint16_t kernel_urgent_count_ = 0;
  Buffers kernel_{};
  Buffers kernel_urgent_{};
  std::size_t nts_count_ = 0;
  std::array<std::uint8_t, responder::kMaximumBurst> nts_places_{};  // in buffers_
  std::array<responder::Packet*, responder::kMaximumBurst> nts_packets_{};
  std::array<responder::Packet, responder::kMaximumBurst> packets_{};
};

inline responder::Frame Burst::frame_of(const rte_mbuf& buffer) noexcept {
  // A frame in several pieces is longer than any that is answered; without a length it counts as
  // truncated.
  return {
      .octets = rte_pktmbuf_mtod(&buffer, std::byte*),
      .length = buffer.nb_segs == 1 ? buffer.data_len : std::uint16_t{0},
      .good_checksums = buffer.ol_flags == 0 ? std::uint8_t{0} : good_checksums(buffer.ol_flags)};
}

inline void Burst::turn_usual(responder::Responder& responder,
                              const responder::PortPolicy& policy) noexcept {
  left_ = responder.turn_usual(
      count_, [this](std::size_t i) { return frame_of(*buffers_[i]); }, policy);
  replies_ = buffers_.data();
  reply_count_ = count_;
  other_count_ = 0;
  nts_count_ = 0;
}

inline void Burst::describe_left() noexcept {
  std::size_t described = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_left(i)) continue;
    const rte_mbuf& buffer = *buffers_[i];
    const responder::Frame frame = frame_of(buffer);
    responder::Packet& packet = packets_[described++];
    packet.frame = frame.octets;
    packet.length = frame.length;
    packet.room = static_cast<std::uint16_t>(buffer.buf_len - buffer.data_off);
    packet.good_checksums = frame.good_checksums;
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

inline void Burst::part() noexcept {
  replies_ = sorted_.data();
  reply_count_ = 0;
  kernel_count_ = 0;
  kernel_urgent_count_ = 0;
  responder::Packet* packet = packets_.data();
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_left(i)) {
      sorted_[reply_count_++] = buffers_[i];
      continue;
    }
    responder::Packet& judged = *packet++;
    if (judged.verdict == responder::Verdict::reply_nts) {
      nts_places_[nts_count_] = static_cast<std::uint8_t>(i);
      nts_packets_[nts_count_++] = &judged;
    } else if (responder::is_reply(judged.verdict)) {
      update(*buffers_[i], judged);
      sorted_[reply_count_++] = buffers_[i];
    } else if (judged.verdict == responder::Verdict::to_kernel) {
      add_kernel(buffers_[i], judged);
    } else {
      others_[other_count_++] = buffers_[i];
    }
  }
}

inline void Burst::add_kernel(rte_mbuf* buffer, const responder::Packet& packet) noexcept {
  if (keeps_reachable(packet)) {
    kernel_urgent_[kernel_urgent_count_++] = buffer;
  } else {
    kernel_[kernel_count_++] = buffer;
  }
}

inline void Burst::part_nts(std::size_t first, std::size_t count,
                            bool port_completes_checksums) noexcept {
  reply_count_ = 0;
  other_count_ = 0;
  for (std::size_t i = first; i < first + count; ++i) {
    rte_mbuf* buffer = nts_buffer(i);
    const responder::Packet& judged = *nts_packets_[i];
    if (responder::is_reply(judged.verdict)) {
      update(*buffer, judged);
      if (port_completes_checksums) request_checksums(*buffer, judged);
      sorted_[reply_count_++] = buffer;
    } else {
      others_[other_count_++] = buffer;
    }
  }
}

inline void Burst::update(rte_mbuf& buffer, const responder::Packet& packet) noexcept {
  buffer.data_off =
      static_cast<std::uint16_t>(packet.frame - static_cast<std::byte*>(buffer.buf_addr));
  buffer.data_len = packet.length;
  buffer.pkt_len = packet.length;
}

inline void Burst::request_checksums() noexcept {
  const responder::Packet* packet = packets_.data();
  for (std::size_t i = 0; i < count_; ++i) {
    if (is_left(i)) {
      const responder::Packet& judged = *packet++;
      if (judged.verdict != responder::Verdict::reply_nts) request_checksums(*buffers_[i], judged);
    } else {
      const bool is_ipv4 = buffers_[i]->data_len == responder::kUsualIpv4Length;
      request_checksums(*buffers_[i], is_ipv4 ? kUsualIpv4 : kUsualIpv6);
    }
  }
}

// Only IPv4 headers and UDP are left to the port: ICMP and ARP come out complete.
inline void Burst::request_checksums(rte_mbuf& buffer, const responder::Packet& packet) noexcept {
  using enum responder::Verdict;
  if (!responder::is_reply(packet.verdict) || packet.verdict == reply_arp) return;
  const bool is_ipv4 = packet.family == responder::Family::kIpv4;
  buffer.tx_offload = 0;
  buffer.l2_len = packet.ip_offset & 0x7fU;
  buffer.l3_len = is_ipv4 ? wire::kIpv4HeaderLength : wire::kIpv6HeaderLength;
  buffer.ol_flags |= is_ipv4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_IPV6;
  const bool is_udp = packet.verdict == reply_plain || packet.verdict == reply_nts ||
                      packet.verdict == reply_nts_nak;
  if (is_udp) buffer.ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
}

}  // namespace pollux::port
