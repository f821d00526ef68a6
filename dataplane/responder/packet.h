// One frame on its way through the responder: where it lies, what was found in it, what becomes of
// it. Belongs to one worker; the octets belong to the port's buffer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/responder/counters.h"
#include "dataplane/responder/verdict.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ntp_header.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

inline constexpr std::size_t kMaximumBurst = 32;

inline constexpr std::size_t kUsualUdpLength = wire::kUdpHeaderLength + wire::kNtpHeaderLength;

// Bits of good_checksums.
inline constexpr std::uint8_t kIpChecksum = 1;
inline constexpr std::uint8_t kUdpChecksum = 2;
inline constexpr std::uint8_t kAllChecksums = kIpChecksum | kUdpChecksum;

// A frame as the port has it: all that the usual request needs.
struct Frame {
  std::byte* octets = nullptr;      // first octet of the Ethernet header
  std::uint16_t length = 0;         // octets of the frame
  std::uint8_t good_checksums = 0;  // that the port has checked: kIpChecksum, kUdpChecksum
};

// A frame that takes the long way.
struct Packet {
  // Given by the port.
  std::byte* frame =
      nullptr;  // first octet of the Ethernet header; moves forward when headers shrink
  std::uint16_t length = 0;         // octets of the frame
  std::uint16_t room = 0;           // octets from `frame` on that may be written, at least `length`
  std::uint8_t good_checksums = 0;  // that the port has checked: kIpChecksum, kUdpChecksum

  // Found by classify() where it is an IP packet.
  std::uint8_t reply_flags = 0;  // version and mode of the reply
  Verdict verdict = Verdict::drop_truncated;
  Family family = Family::kIpv4;
  std::uint8_t ip_offset = 0;       // from `frame`
  std::uint16_t upper_offset = 0;   // of the UDP or ICMP header
  std::uint16_t upper_length = 0;   // from there on
  std::uint16_t echo_offset = 0;    // of a field to send back, from the NTP header
  std::uint16_t echo_length = 0;    // 0: none
  std::uint16_t sealed_length = 0;  // octets that somebody writes behind that field

  // Of the pseudo header.
  wire::Sum sum;
};

// A reply that lacks only the time: its NTP header is still the request's, and a usual one's as it
// came.
struct Unstamped {
  std::byte* udp = nullptr;  // its UDP header
  wire::Sum sum;             // of the pseudo header and of what lies behind the NTP header
};

}  // namespace pollux::responder
