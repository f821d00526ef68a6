#include "dataplane/responder/responder.h"

#include <array>

#include "dataplane/responder/classify.h"
#include "dataplane/responder/reply.h"
#include "dataplane/responder/usual_request.h"

namespace pollux::responder {

namespace {

// How many replies of a burst each NTP version got: one octet of the word for each. A burst fits an
// octet.
class VersionTally {
 public:
  void add(std::uint8_t reply_flags) noexcept {
    lanes_ += std::uint64_t{1} << (reply_flags & 0x38U);
  }

  void flush(std::span<Count, kVersions> counters) const noexcept {
    for (std::size_t version = 1; version <= 4; ++version)
      counters[version].add(lanes_ >> 8U * version & 0xffU);
  }

 private:
  static_assert(wire::version_of(0x38) == kVersions - 1 && kMaximumBurst <= 0xff);

  std::uint64_t lanes_ = 0;
};

void describe_usual(Packet& packet, Shape shape, const Layout& layout) noexcept {
  packet.verdict = Verdict::reply_plain;
  packet.shape = shape;
  packet.family = layout.family;
  packet.ip_offset = static_cast<std::uint8_t>(layout.ip_offset);
  packet.upper_offset = static_cast<std::uint16_t>(layout.upper_offset);
  packet.echo_length = static_cast<std::uint16_t>(layout.echo_length);
}

// One function, three times: for either usual place of the headers, and for any.
void prepare_plain(Packet& packet, const PortPolicy& policy) noexcept {
  if (packet.shape == Shape::kUsualIpv4) [[likely]] {
    prepare_ntp(packet, kUsualIpv4Layout, policy);
  } else if (packet.shape == Shape::kUsualIpv6) {
    prepare_ntp(packet, kUsualIpv6Layout, policy);
  } else {
    prepare_ntp(packet, layout_of(packet), policy);
  }
}

}  // namespace

bool Responder::classify(std::span<Packet> packets, const PortPolicy& policy) noexcept {
  bool all_usual = true;
  for (Packet& packet : packets) {
    if (is_usual_ipv4(packet, policy)) [[likely]] {
      describe_usual(packet, Shape::kUsualIpv4, kUsualIpv4Layout);
    } else if (is_usual_ipv6(packet, policy)) {
      describe_usual(packet, Shape::kUsualIpv6, kUsualIpv6Layout);
    } else {
      packet.shape = Shape::kOther;
      packet.verdict = classify_frame(packet, policy);
      all_usual = false;
    }
  }
  return all_usual;
}

void Responder::limit(std::span<Packet> packets, bool all_usual, clock::Counter now,
                      const HostAllowance& allowance) noexcept {
  if (all_usual) [[likely]] {
    counters_.verdicts[index(Verdict::reply_plain)].add(packets.size());
    return;
  }
  for (Packet& packet : packets) {
    // What is left of the replies is ARP, neighbour discovery and pings.
    const bool is_host_reply = is_reply(packet.verdict) && packet.verdict != Verdict::reply_plain;
    if (is_host_reply && !host_limit_.take(now, allowance.interval, allowance.burst)) {
      packet.verdict = Verdict::drop_host_limit;
    }
    counters_.verdicts[index(packet.verdict)].add(1);
  }
}

void Responder::prepare(std::span<Packet> packets, const PortPolicy& policy) noexcept {
  for (Packet& packet : packets) {
    if (packet.verdict == Verdict::reply_plain) [[likely]] {
      prepare_plain(packet, policy);
    } else if (packet.verdict == Verdict::reply_arp) {
      answer_arp(packet, policy);
    } else if (packet.verdict == Verdict::reply_neighbor) {
      answer_neighbor(packet, policy);
    } else if (packet.verdict == Verdict::reply_echo) {
      answer_echo(packet, policy);
    }
  }
}

std::uint64_t Responder::next_random() noexcept {
  random_ += 0x9e37'79b9'7f4a'7c15;
  std::uint64_t mixed = random_;
  mixed = (mixed ^ mixed >> 30U) * 0xbf58'476d'1ce4'e5b9;
  mixed = (mixed ^ mixed >> 27U) * 0x94d0'49bb'1331'11eb;
  return mixed ^ mixed >> 31U;
}

void Responder::stamp(std::span<Packet> packets, const PortPolicy& policy, clock::Counter received,
                      clock::Counter sent) noexcept {
  clock_.refresh();
  const BurstTime time{clock_.at(received, sent)};
  std::array<VersionTally, kFamilies> answered;
  // A fresh start for each burst, then a Weyl sequence.
  constexpr std::uint64_t kGoldenRatio = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t random = next_random();
  for (const Packet& packet : packets) {
    if (packet.verdict != Verdict::reply_plain) [[unlikely]]
      continue;
    random += kGoldenRatio;
    stamp_ntp(packet, time, random, policy);
    answered[static_cast<std::size_t>(packet.family)].add(packet.reply_flags);
  }
  for (std::size_t family = 0; family < kFamilies; ++family) {
    answered[family].flush(counters_.answered[family]);
  }
}

}  // namespace pollux::responder
