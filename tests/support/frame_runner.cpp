#include "tests/support/frame_runner.h"

#include <algorithm>
#include <vector>

#include "tests/support/known_clock.h"

namespace pollux::test {

using responder::Packet;
using responder::Responder;

responder::PolicySettings server_settings() {
  responder::PolicySettings settings;
  settings.mac.octets = kServerMac;
  settings.ipv4 = {ipv4_interface("192.0.2.1", 24)};
  settings.ipv6 = {ipv6_interface("2001:db8::1", 64)};
  return settings;
}

wire::Ipv4Interface ipv4_interface(std::string_view text, std::uint8_t prefix_length) {
  wire::Ipv4Interface result{.address = {}, .prefix_length = prefix_length};
  const Octets octets = address(text);
  std::copy_n(octets.begin(), 4, result.address.octets.begin());
  return result;
}

wire::Ipv6Interface ipv6_interface(std::string_view text, std::uint8_t prefix_length) {
  wire::Ipv6Interface result{.address = {}, .prefix_length = prefix_length};
  const Octets octets = address(text);
  std::copy_n(octets.begin(), 16, result.address.octets.begin());
  return result;
}

FrameRunner::FrameRunner(std::uint64_t seed) : responder_{latch_, seed} {
  publish(known_snapshot());
}

void describe(Packet& packet, std::byte* frame, std::size_t length, const RunOptions& options) {
  packet.frame = frame;
  packet.length = static_cast<std::uint16_t>(length);
  packet.room = static_cast<std::uint16_t>(length + options.spare_room);
  packet.good_checksums = options.good_checksums;
}

namespace {

// Calls `stages` with the packets of these bits side by side, as a worker has them.
template <typename Stages>
void with_left(std::span<Packet> packets, std::uint32_t left, const Stages& stages) {
  std::vector<Packet> taken;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if ((left >> i & 1U) != 0) taken.push_back(packets[i]);
  }
  stages(std::span{taken});
  auto from = taken.begin();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if ((left >> i & 1U) != 0) packets[i] = *from++;
  }
}

}  // namespace

std::uint32_t judge(Responder& responder, std::span<Packet> packets,
                    const responder::PortPolicy& policy, const RunOptions& options) {
  const auto frame_at = [packets](std::size_t i) {
    return responder::Frame{.octets = packets[i].frame,
                            .length = packets[i].length,
                            .good_checksums = packets[i].good_checksums};
  };
  const std::uint32_t left = responder.turn_usual(packets.size(), frame_at, policy);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if ((left >> i & 1U) == 0) packets[i].verdict = responder::Verdict::reply_plain;
  }
  with_left(packets, left, [&](std::span<Packet> taken) {
    Responder::classify(taken, policy);
    responder.limit(taken, {kKnownCounter}, options.allowance);
  });
  return left;
}

void answer(Responder& responder, std::span<Packet> packets, std::uint32_t left,
            const responder::PortPolicy& policy, const RunOptions& options) {
  if (left != 0) {
    with_left(packets, left, [&](std::span<Packet> taken) { responder.prepare(taken, policy); });
  }
  const clock::Counter sent{kKnownCounter + options.sent};
  if (options.stamped.empty()) {
    responder.stamp(policy, {kKnownCounter + options.received}, sent, {options.wire_time});
  } else {
    responder.stamp_each(policy, options.stamped, sent, {options.wire_time});
  }
}

RunResult FrameRunner::run(const responder::PortPolicy& policy, const Octets& frame,
                           const RunOptions& options) {
  RunResult result;
  const std::uint64_t counted_before = frames_counted(counters());
  const std::size_t room = frame.size() + options.spare_room;
  buffer_.load(frame);
  Packet& packet = result.packet;
  describe(packet, buffer_.start(), frame.size(), options);
  const std::uint32_t left = judge(responder_, {&packet, 1}, policy, options);
  if (left != 0 && GuardedBuffer::copy(buffer_.start(), frame.size()) != frame)
    result.faults += "judging wrote; ";
  buffer_.allow(room);
  answer(responder_, {&packet, 1}, left, policy, options);

  result.verdict = packet.verdict;
  if (!buffer_.intact()) result.faults += "wrote outside its room; ";
  if (frames_counted(counters()) != counted_before + 1) result.faults += "not counted once; ";
  const auto before = packet.frame - buffer_.start();
  if (before < 0 || static_cast<std::size_t>(before) + packet.length > room) {
    result.faults += "reply not inside its room; ";
    return result;
  }
  result.frame = GuardedBuffer::copy(packet.frame, packet.length);
  if (!responder::is_reply(packet.verdict) && (result.frame != frame || before != 0)) {
    result.faults += "changed a frame that it did not answer; ";
  }
  return result;
}

RunResult run_frame(const responder::PolicySettings& settings, const Octets& frame,
                    const RunOptions& options) {
  FrameRunner runner;
  return runner.run(responder::PortPolicy{settings}, frame, options);
}

std::uint64_t frames_counted(const responder::ResponderCounters& counters) {
  std::uint64_t sum = 0;
  for (const auto& count : counters.verdicts) sum += count.read();
  return sum;
}

}  // namespace pollux::test
