#include "tests/fuzz/frame_to_reply.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "tests/fuzz/seeds.h"
#include "tests/support/dissect.h"
#include "tests/support/frame_runner.h"
#include "tests/support/known_clock.h"
#include "tests/support/reply_check.h"

namespace pollux::test {

namespace {

using responder::Packet;
using responder::Verdict;

constexpr std::size_t kMaximumFrames = 4;
constexpr std::size_t kMaximumFrame = GuardedBuffer::kCapacity - 64;

std::uint64_t seen = 0;
std::uint64_t answered = 0;

// What the control octets mean.
struct Variant {
  responder::PolicySettings settings = server_settings();
  RunOptions options;
  std::size_t frames = 1;
};

Variant variant_of(const Octets& control) {
  const auto flag = [&control](std::size_t octet, unsigned bit) {
    return (unsigned{control[octet]} >> bit & 1U) != 0;
  };
  Variant variant;
  variant.settings.kernel_behind_port = flag(0, 0);
  variant.settings.partial_checksums = flag(0, 1);
  variant.settings.transmit_checksums = flag(0, 2);
  variant.settings.answers_symmetric = !flag(0, 3);
  if (flag(0, 4)) variant.settings.vlans = {100, 200};
  if (flag(0, 5)) variant.settings.denied_source_ports = {7, 53, 11'211};
  if (flag(0, 6)) {
    variant.settings.ipv4.push_back(ipv4_interface("198.51.100.7", 30));
    variant.settings.ipv6.push_back(ipv6_interface("fe80::1", 64));
  }
  if (flag(0, 7)) variant.settings.ntp_port = 12'345;
  variant.settings.dscp = static_cast<std::uint8_t>(control[1] & 0x3fU);
  variant.options.spare_room = std::array<std::size_t, 4>{0, 7, 8, 64}[control[1] >> 6U];
  variant.options.good_checksums = static_cast<std::uint8_t>(control[2] & responder::kAllChecksums);
  variant.options.allowance = {.interval = flag(2, 2) ? 0 : 1,
                               .burst = flag(2, 3) ? 0 : 1'000'000'000'000};
  variant.frames = 1 + (control[2] >> 4U & 3U);
  variant.options.sent = variant.options.received + control[3];
  return variant;
}

std::vector<Octets> frames_of(const Octets& input, std::size_t count) {
  std::vector<Octets> frames;
  std::size_t at = kControlOctets;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t left = input.size() - at;
    std::size_t length = left;
    if (i + 1 < count) {
      if (left < 2) break;
      length = std::min<std::size_t>(get(input, at, 2), left - 2);
      at += 2;
    }
    frames.push_back(slice(input, at, std::min(length, kMaximumFrame)));
    at += length;
  }
  return frames;
}

std::string faults_of_reply(const Variant& variant, Verdict verdict, const Octets& request,
                            const Octets& reply) {
  const ReplyRules rules{.served = known_values(variant.options.received, variant.options.sent),
                         .server_mac = kServerMac,
                         .dscp = variant.settings.dscp,
                         .checksums_left_to_port = variant.settings.transmit_checksums};
  switch (verdict) {
    case Verdict::reply_plain:
      return faults_of_ntp_reply(request, reply, rules);
    case Verdict::reply_echo:
      return faults_of_echo_reply(request, reply, rules);
    case Verdict::reply_neighbor:
      return faults_of_advertisement(request, reply, rules);
    case Verdict::reply_arp: {
      // The checker knows untagged frames and frames with one tag.
      const bool two_tags =
          request.size() > 18 && get(request, 16, 2) != kTypeArp && get(request, 12, 2) != kTypeArp;
      return two_tags ? "" : faults_of_arp_reply(request, reply, kServerMac);
    }
    default:
      return reply == request ? "" : "changed a frame that it did not answer; ";
  }
}

// The same frame with a priority tag takes the long way through the checks and has to come to the
// same end.
std::string faults_of_both_ways(const Variant& variant, Verdict verdict, const Octets& frame) {
  if (frame.size() < 14 || frame.size() + 4 > kMaximumFrame) return "";
  const auto type = get(frame, 12, 2);
  if (type == kTypeVlan || type == kTypeServiceVlan || verdict == Verdict::drop_host_limit)
    return "";
  Octets tagged = frame;
  const Octets tag{0x81, 0x00, 0xe0, 0x00};
  tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
  static FrameRunner runner;
  const auto result = runner.run(responder::PortPolicy{variant.settings}, tagged, variant.options);
  if (result.verdict == verdict || result.verdict == Verdict::drop_host_limit) return result.faults;
  return std::string{"tagged: "} + std::string{responder::info(result.verdict).name} +
         ", untagged: " + std::string{responder::info(verdict).name} + "; ";
}

}  // namespace

std::string faults_of_input(const Octets& input) {
  if (input.size() < kControlOctets) return "";
  static clock::SnapshotLatch latch;
  static responder::Responder responder = [] {
    latch.publish(known_snapshot());
    return responder::Responder{latch, 1};
  }();
  static std::array<GuardedBuffer, kMaximumFrames> buffers;

  const Variant variant = variant_of(input);
  const responder::PortPolicy policy{variant.settings};
  const auto frames = frames_of(input, variant.frames);
  std::array<Packet, kMaximumFrames> packets{};
  for (std::size_t i = 0; i < frames.size(); ++i) {
    buffers[i].load(frames[i]);
    describe(packets[i], buffers[i].start(), frames[i].size(), variant.options);
  }
  const std::uint64_t counted = frames_counted(responder.counters());
  const std::uint32_t left =
      judge(responder, {packets.data(), frames.size()}, policy, variant.options);
  for (std::size_t i = 0; i < frames.size(); ++i)
    buffers[i].allow(frames[i].size() + variant.options.spare_room);
  answer(responder, {packets.data(), frames.size()}, left, policy, variant.options);

  std::string faults;
  if (frames_counted(responder.counters()) != counted + frames.size())
    faults += "not counted once; ";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Packet& packet = packets[i];
    if (!buffers[i].intact()) faults += "wrote outside its room; ";
    const auto before = packet.frame - buffers[i].start();
    const std::size_t room = frames[i].size() + variant.options.spare_room;
    if (before < 0 || static_cast<std::size_t>(before) + packet.length > room)
      return faults + "reply not inside its room; ";
    const Octets reply = GuardedBuffer::copy(packet.frame, packet.length);
    faults += faults_of_reply(variant, packet.verdict, frames[i], reply);
    faults += faults_of_both_ways(variant, packet.verdict, frames[i]);
    ++seen;
    if (responder::is_reply(packet.verdict)) ++answered;
  }
  return faults;
}

Octets make_input(const Octets& control, const Octets& frame) {
  Octets input = control;
  input.resize(kControlOctets);
  put(input, frame);
  return input;
}

std::vector<CorpusInput> corpus_inputs() {
  std::vector<CorpusInput> inputs;
  for (const auto& seed : seeds()) inputs.push_back({seed.name, make_input({}, seed.frame)});
  return inputs;
}

std::uint64_t frames_seen() { return seen; }
std::uint64_t frames_answered() { return answered; }

}  // namespace pollux::test
