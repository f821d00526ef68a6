// Takes one frame through all stages of a Responder in a guarded buffer and checks what holds for
// every frame. For tests and fuzzers only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/responder/responder.h"
#include "ptp/clock/snapshot_latch.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/octets.h"
#include "tests/support/packet_builder.h"

namespace pollux::test {

// Server 192.0.2.1/24 and 2001:db8::1/64 with kServerMac, as in the packet builder.
[[nodiscard]] responder::PolicySettings server_settings();
[[nodiscard]] wire::Ipv4Interface ipv4_interface(std::string_view text, std::uint8_t prefix_length);
[[nodiscard]] wire::Ipv6Interface ipv6_interface(std::string_view text, std::uint8_t prefix_length);

struct RunOptions {
  std::size_t spare_room = 0;  // octets behind the frame that may be written
  std::uint8_t good_checksums =
      0;  // that the port has checked: responder::kIpChecksum, kUdpChecksum
  responder::HostAllowance allowance{.interval = 1, .burst = 1'000};
  std::uint64_t received = 10'000;  // in units after kKnownTime
  std::uint64_t sent = 20'000;
  std::int64_t wire_time = 0;  // of each reply, in the same units
  // Instead of `received`, for each reply.
  std::vector<clock::Counter> stamped{};
};

struct RunResult {
  responder::Verdict verdict{};
  Octets frame;              // the reply, or the frame as it was left
  responder::Packet packet;  // `frame` points nowhere any more
  std::string faults;        // of what holds for every frame; empty: none
};

// The octets of a frame in memory as a port describes them; everything else in `packet` stays as it
// was.
void describe(responder::Packet& packet, std::byte* frame, std::size_t length,
              const RunOptions& options = {});

// The stages of a burst in the order of a worker. judge() turns usual requests round and only looks
// at what is left, of which it gives bit i for packet i; answer() does the rest for those that
// judge() left, and writes the time.
[[nodiscard]] std::uint32_t judge(responder::Responder& responder,
                                  std::span<responder::Packet> packets,
                                  const responder::PortPolicy& policy,
                                  const RunOptions& options = {});
void answer(responder::Responder& responder, std::span<responder::Packet> packets,
            std::uint32_t left, const responder::PortPolicy& policy,
            const RunOptions& options = {});

// A Responder with a known clock; frames may follow each other.
class FrameRunner {
 public:
  explicit FrameRunner(std::uint64_t seed = 1);

  // The clock as it is from the next frame on.
  void publish(const clock::Snapshot& snapshot) { latch_.publish(snapshot); }

  RunResult run(const responder::PortPolicy& policy, const Octets& frame,
                const RunOptions& options = {});

  [[nodiscard]] const responder::ResponderCounters& counters() const {
    return responder_.counters();
  }

 private:
  clock::SnapshotLatch latch_;
  responder::Responder responder_;
  GuardedBuffer buffer_;
};

// A fresh FrameRunner for one frame.
[[nodiscard]] RunResult run_frame(const responder::PolicySettings& settings, const Octets& frame,
                                  const RunOptions& options = {});

// Sum over all verdict counters.
[[nodiscard]] std::uint64_t frames_counted(const responder::ResponderCounters& counters);

}  // namespace pollux::test
