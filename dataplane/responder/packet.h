// One frame on its way through the responder: where it lies, what was found in it, what becomes of
// it. Lives in a burst on the worker's stack; the octets belong to the port's buffer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/responder/counters.h"
#include "dataplane/responder/verdict.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ntp_header.h"
#include "dataplane/wire/udp.h"

namespace pollux::responder {

// Where the headers of a request lie. The two usual places are constants, so that the code for them
// has no variables to load.
struct Layout {
  std::size_t ip_offset;     // from the start of the frame
  std::size_t upper_offset;  // of the UDP header
  std::size_t upper_length;  // of that header and its payload
  std::size_t echo_offset;   // of a field to send back, from the NTP header
  std::size_t echo_length;   // 0: none
  Family family;
};

inline constexpr std::size_t kUsualUdpLength = wire::kUdpHeaderLength + wire::kNtpHeaderLength;
inline constexpr Layout kUsualIpv4Layout{.ip_offset = 14,
                                         .upper_offset = 34,
                                         .upper_length = kUsualUdpLength,
                                         .echo_offset = 0,
                                         .echo_length = 0,
                                         .family = Family::kIpv4};
inline constexpr Layout kUsualIpv6Layout{.ip_offset = 14,
                                         .upper_offset = 54,
                                         .upper_length = kUsualUdpLength,
                                         .echo_offset = 0,
                                         .echo_length = 0,
                                         .family = Family::kIpv6};

enum class Shape : std::uint8_t { kUsualIpv4, kUsualIpv6, kOther };

// Bits of Packet::good_checksums.
inline constexpr std::uint8_t kIpChecksum = 1;
inline constexpr std::uint8_t kUdpChecksum = 2;
inline constexpr std::uint8_t kAllChecksums = kIpChecksum | kUdpChecksum;

struct Packet {
  // Given by the port.
  std::byte* frame =
      nullptr;  // first octet of the Ethernet header; moves forward when headers shrink
  std::uint16_t length = 0;         // octets of the frame
  std::uint16_t room = 0;           // octets from `frame` on that may be written, at least `length`
  std::uint8_t good_checksums = 0;  // that the port has checked: kIpChecksum, kUdpChecksum

  // Found by classify().
  std::uint8_t reply_flags = 0;  // version and mode of the reply
  Verdict verdict = Verdict::drop_truncated;
  Family family = Family::kIpv4;
  Shape shape = Shape::kOther;
  std::uint8_t ip_offset = 0;      // from `frame`
  std::uint16_t upper_offset = 0;  // of the UDP or ICMP header
  std::uint16_t echo_length = 0;   // of a field to send back; 0: none
  std::uint16_t upper_length =
      0;  // from upper_offset on; set for Shape::kOther only, like what follows
  std::uint16_t echo_offset = 0;  // of that field, from the NTP header

  // Of the pseudo header, and after prepare() of what lies between the header of the reply and its
  // end.
  wire::Sum sum;
};

}  // namespace pollux::responder
