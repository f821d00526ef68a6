// Takes a frame apart for tests: where everything is, what the fields say, which checksums are
// right. Follows IPv4 options and IPv6 extension headers by length only; judges nothing. Pure; for
// tests only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/support/octets.h"
#include "tests/support/packet_builder.h"

namespace pollux::test {

struct Dissected {
  Mac destination_mac{};
  Mac source_mac{};
  std::vector<Tag> tags;
  std::uint16_t ether_type = 0;
  std::size_t ip_offset = 0;

  bool is_ipv6 = false;
  std::size_t ip_header_length = 0;  // with options or extension headers
  std::size_t ip_end = 0;            // from the start of the frame
  std::uint8_t type_of_service = 0;
  std::uint8_t time_to_live = 0;
  std::uint16_t fragment = 0;
  std::uint32_t flow_label = 0;
  Octets source;
  Octets destination;
  std::uint8_t protocol = 0;
  std::uint16_t ip_checksum = 0;
  bool ip_checksum_right = true;

  Octets upper;  // header and payload as far as IP reaches
  // UDP only.
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t udp_length = 0;
  std::uint16_t udp_checksum = 0;
  bool udp_checksum_right = false;
  Octets payload;  // as far as the UDP length reaches

  [[nodiscard]] NtpFields ntp() const;
};

// Nothing where the frame is not IP or ends before its headers do.
[[nodiscard]] std::optional<Dissected> dissect(const Octets& frame);

// Sum over pseudo header and `message` is right (RFC 1071).
[[nodiscard]] bool upper_checksum_right(const Dissected& packet, std::uint8_t protocol,
                                        const Octets& message);

}  // namespace pollux::test
