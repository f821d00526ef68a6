// The time in a reply, written as late as possible. Pure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/responder/ntp_request.h"
#include "dataplane/responder/packet.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ntp_header.h"
#include "dataplane/wire/udp.h"
#include "ptp/clock/served_clock.h"

namespace pollux::responder {

// Of the first eight octets of a request a reply keeps version, mode and poll (RFC 5905 §9.2).
inline constexpr std::uint64_t kKeptOfRequest =
    wire::placed_at<std::uint64_t>(std::uint8_t{0x3f}, wire::ntp::kFlags) |
    wire::placed_at<std::uint64_t>(std::uint8_t{0xff}, wire::ntp::kPoll);

// What is the same for every reply of a burst; words of the packet in memory order.
struct BurstTime {
  explicit BurstTime(const clock::ServedTime& served) noexcept
      : first{wire::swap_be(served.header.first) ^
              wire::placed_at<std::uint64_t>(kModeTurn, wire::ntp::kFlags)},
        second{wire::swap_be(served.header.second)},
        reference{wire::swap_be(served.reference_time.units)},
        transmit{served.transmit.units} {
    // RFC 5905 §6: bits beyond the precision are random. -32 and 0 bound what a broken clock could
    // say.
    const int precision = clock::unpack(served.header).precision;
    const int bits = precision < -32 ? 0 : precision > 0 ? 32 : 32 + precision;
    random_mask = (std::uint64_t{1} << bits) - 1;
    const std::uint64_t known_receive = served.receive.units & ~random_mask;
    receive = wire::swap_be(known_receive);
    receive_mask = wire::swap_be(random_mask);
    // Clients refuse a server whose clock stands or goes back: whatever the random bits, transmit
    // comes after receive.
    if ((transmit & ~random_mask) == known_receive) transmit += random_mask + 1;
    wire::Sum sum;
    sum.add(second, reference);
    common = sum.unfolded();
  }

  std::uint64_t first;  // to be joined with the request's by XOR
  std::uint64_t second;
  std::uint64_t reference;
  std::uint64_t receive;       // its random bits are zero
  std::uint64_t receive_mask;  // of those
  std::uint64_t transmit;      // of the first reply; as an integer, like its mask
  std::uint64_t random_mask;
  std::uint64_t common;  // sum of `second` and `reference`
};

// Moves stamps that happen to equal the client's by one unit and keeps their order. All in memory
// order.
inline void avoid_origin(std::uint64_t& receive, std::uint64_t& transmit,
                         std::uint64_t origin) noexcept {
  if (receive == origin) receive = wire::swap_be(wire::swap_be(receive) + 1);
  if (transmit == receive || transmit == origin)
    transmit = wire::swap_be(wire::swap_be(transmit) + 1);
}

// Completes a reply that leaves `delay` units of 2^-32 s after the first of its burst. `random`
// fills the bits of both stamps that the clock does not know.
template <bool kPortCompletesChecksum>
[[gnu::always_inline]] inline void stamp_ntp(const Unstamped& reply, const BurstTime& time,
                                             std::uint64_t delay, std::uint64_t random) noexcept {
  std::byte* const udp = reply.udp;
  std::byte* const message = udp + wire::kUdpHeaderLength;
  const std::uint64_t first = (wire::load<std::uint64_t>(message) & kKeptOfRequest) ^ time.first;
  // RFC 5905 §8: the origin timestamp of a reply is the request's transmit timestamp.
  const auto origin = wire::load<std::uint64_t>(message + wire::ntp::kTransmitTimestamp);
  std::uint64_t receive = time.receive ^ (random & time.receive_mask);
  std::uint64_t transmit =
      wire::swap_be((time.transmit + delay) ^ (std::rotl(random, 32) & time.random_mask));
  if (receive == origin || transmit == origin) [[unlikely]]
    avoid_origin(receive, transmit, origin);

  std::uint16_t checksum = 0;
  if constexpr (kPortCompletesChecksum) {
    checksum = reply.sum.fold();
  } else {
    wire::Sum sum = reply.sum;
    sum.add(wire::load<std::uint64_t>(udp), time.common, first, origin, receive, transmit);
    checksum = sum.udp_checksum();
  }
  wire::store(message, first);
  wire::store(message + wire::ntp::kRootDispersion, time.second);
  wire::store(message + wire::ntp::kReferenceTimestamp, time.reference);
  wire::store(message + wire::ntp::kOriginTimestamp, origin);
  wire::store(message + wire::ntp::kReceiveTimestamp, receive);
  wire::store(message + wire::ntp::kTransmitTimestamp, transmit);
  wire::store(udp + wire::udp::kChecksum, checksum);
}

}  // namespace pollux::responder
