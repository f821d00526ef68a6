#include "dataplane/responder/responder.h"

#include "dataplane/responder/classify.h"
#include "dataplane/responder/reply.h"

namespace pollux::responder {

void Responder::classify(std::span<Packet> packets, const PortPolicy& policy) noexcept {
  for (Packet& packet : packets) packet.verdict = classify_frame(packet, policy);
}

void Responder::limit(std::span<Packet> packets, clock::Counter now,
                      const HostAllowance& allowance) noexcept {
  for (Packet& packet : packets) {
    if (packet.verdict == Verdict::reply_nts) continue;  // not final before its cookie is opened
    // What is left of the replies is ARP, neighbour discovery and pings.
    const bool is_host_reply = is_reply(packet.verdict) && packet.verdict != Verdict::reply_plain;
    if (is_host_reply && !host_limit_.take(now, allowance.interval, allowance.burst)) {
      packet.verdict = Verdict::drop_host_limit;
    }
    counters_.verdicts[index(packet.verdict)].add(1);
  }
}

void Responder::prepare(std::span<Packet> packets, const PortPolicy& policy) noexcept {
  const std::size_t frames = unstamped_count_;
  unstamped_count_ = 0;
  auto packet = packets.begin();
  for (std::size_t i = 0; i < frames; ++i) {
    if ((left_ >> i & 1U) == 0) {
      unstamped_[unstamped_count_++] = unstamped_[i];
    } else if (packet != packets.end()) {
      if (is_reply(packet->verdict) && packet->verdict != Verdict::reply_nts)
        unstamped_[unstamped_count_++] = answer(*packet, policy);
      ++packet;
    }
  }
}

Unstamped Responder::answer(Packet& packet, const PortPolicy& policy) noexcept {
  if (packet.verdict == Verdict::reply_plain) {
    const auto version = wire::version_of(packet.reply_flags);
    counters_.answered[static_cast<std::size_t>(packet.family)][version].add(1);
    return prepare_ntp(packet, policy);
  }
  if (packet.verdict == Verdict::reply_arp) {
    answer_arp(packet, policy);
  } else if (packet.verdict == Verdict::reply_neighbor) {
    answer_neighbor(packet, policy);
  } else {
    answer_echo(packet, policy);
  }
  return {.udp = no_time_.data(), .sum = {}};
}

void Responder::count_nts(const Packet& packet) noexcept {
  counters_.verdicts[index(packet.verdict)].add(1);
  if (!is_reply(packet.verdict)) return;
  const auto version = wire::version_of(packet.reply_flags);
  counters_.answered[static_cast<std::size_t>(packet.family)][version].add(1);
}

std::uint64_t Responder::next_random() noexcept {
  random_ += 0x9e37'79b9'7f4a'7c15;
  std::uint64_t mixed = random_;
  mixed = (mixed ^ mixed >> 30U) * 0xbf58'476d'1ce4'e5b9;
  mixed = (mixed ^ mixed >> 27U) * 0x94d0'49bb'1331'11eb;
  return mixed ^ mixed >> 31U;
}

template <bool kPortCompletesChecksum>
void Responder::stamp_all(const BurstTime& time, clock::NtpDuration wire_time) noexcept {
  // A fresh start for each burst, then a Weyl sequence.
  constexpr std::uint64_t kGoldenRatio = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t random = next_random();
  std::uint64_t delay = 0;
  for (const Unstamped& reply : std::span{unstamped_}.first(unstamped_count_)) {
    stamp_ntp<kPortCompletesChecksum>(reply, time, delay, random);
    random += kGoldenRatio;
    delay += static_cast<std::uint64_t>(wire_time.units);
  }
}

// What stamp() works out once for a burst is worked out for each reply.
template <bool kPortCompletesChecksum>
void Responder::stamp_all(std::span<const clock::Counter> received, clock::Counter sent,
                          clock::NtpDuration wire_time) noexcept {
  std::uint64_t delay = 0;
  const auto replies = std::span{unstamped_}.first(unstamped_count_);
  for (std::size_t i = 0; i < replies.size() && i < received.size(); ++i) {
    const BurstTime time{clock_.at(received[i], sent)};
    stamp_ntp<kPortCompletesChecksum>(replies[i], time, delay, next_random());
    delay += static_cast<std::uint64_t>(wire_time.units);
  }
}

void Responder::stamp(const PortPolicy& policy, clock::Counter received, clock::Counter sent,
                      clock::NtpDuration wire_time) noexcept {
  clock_.refresh();
  const BurstTime time{clock_.at(received, sent)};
  if (policy.transmit_checksums()) {
    stamp_all<true>(time, wire_time);
  } else {
    stamp_all<false>(time, wire_time);
  }
}

void Responder::stamp_each(const PortPolicy& policy, std::span<const clock::Counter> received,
                           clock::Counter sent, clock::NtpDuration wire_time) noexcept {
  clock_.refresh();
  if (policy.transmit_checksums()) {
    stamp_all<true>(received, sent, wire_time);
  } else {
    stamp_all<false>(received, sent, wire_time);
  }
}

}  // namespace pollux::responder
