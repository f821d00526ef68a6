#include "tests/support/dissect.h"

#include <algorithm>

namespace pollux::test {

namespace {

bool read_link(const Octets& frame, Dissected& result) {
  if (frame.size() < 14) return false;
  std::copy_n(frame.begin(), 6, result.destination_mac.begin());
  std::copy_n(frame.begin() + 6, 6, result.source_mac.begin());
  std::size_t at = 12;
  auto type = static_cast<std::uint16_t>(get(frame, at, 2));
  while (type == kTypeVlan || type == kTypeServiceVlan) {
    if (frame.size() < at + 6) return false;
    result.tags.push_back({type, static_cast<std::uint16_t>(get(frame, at + 2, 2))});
    at += 4;
    type = static_cast<std::uint16_t>(get(frame, at, 2));
  }
  result.ether_type = type;
  result.ip_offset = at + 2;
  return true;
}

bool read_ipv4(const Octets& frame, Dissected& result) {
  const std::size_t ip = result.ip_offset;
  if (frame.size() < ip + 20 || frame[ip] >> 4U != 4) return false;
  result.ip_header_length = (frame[ip] & 0x0fU) * std::size_t{4};
  result.ip_end = ip + get(frame, ip + 2, 2);
  if (result.ip_header_length < 20 || result.ip_end > frame.size() ||
      ip + result.ip_header_length > result.ip_end) {
    return false;
  }
  result.type_of_service = frame[ip + 1];
  result.fragment = static_cast<std::uint16_t>(get(frame, ip + 6, 2));
  result.time_to_live = frame[ip + 8];
  result.protocol = frame[ip + 9];
  result.ip_checksum = static_cast<std::uint16_t>(get(frame, ip + 10, 2));
  result.ip_checksum_right = reference_sum(slice(frame, ip, result.ip_header_length)) == 0xffff;
  result.source = slice(frame, ip + 12, 4);
  result.destination = slice(frame, ip + 16, 4);
  return true;
}

bool read_ipv6(const Octets& frame, Dissected& result) {
  const std::size_t ip = result.ip_offset;
  if (frame.size() < ip + 40 || frame[ip] >> 4U != 6) return false;
  result.is_ipv6 = true;
  result.ip_end = ip + 40 + get(frame, ip + 4, 2);
  if (result.ip_end > frame.size()) return false;
  result.type_of_service = static_cast<std::uint8_t>(get(frame, ip, 2) >> 4U);
  result.flow_label = static_cast<std::uint32_t>(get(frame, ip, 4)) & 0xf'ffffU;
  result.time_to_live = frame[ip + 7];
  result.source = slice(frame, ip + 8, 16);
  result.destination = slice(frame, ip + 24, 16);
  std::uint8_t next = frame[ip + 6];
  std::size_t at = ip + 40;
  while (next == 0 || next == 43 || next == 44 || next == 60) {
    if (at + 8 > result.ip_end) return false;
    const std::size_t length = next == 44 ? 8 : 8 + 8 * std::size_t{frame[at + 1]};
    next = frame[at];
    at += length;
    if (at > result.ip_end) return false;
  }
  result.protocol = next;
  result.ip_header_length = at - ip;
  return true;
}

void read_udp(Dissected& result) {
  result.source_port = static_cast<std::uint16_t>(get(result.upper, 0, 2));
  result.destination_port = static_cast<std::uint16_t>(get(result.upper, 2, 2));
  result.udp_length = static_cast<std::uint16_t>(get(result.upper, 4, 2));
  result.udp_checksum = static_cast<std::uint16_t>(get(result.upper, 6, 2));
  if (result.udp_length < 8 || result.udp_length > result.upper.size()) return;
  result.payload = slice(result.upper, 8, result.udp_length - std::size_t{8});
  result.udp_checksum_right =
      upper_checksum_right(result, 17, slice(result.upper, 0, result.udp_length));
}

}  // namespace

bool upper_checksum_right(const Dissected& packet, std::uint8_t protocol, const Octets& message) {
  Octets covered = pseudo_header(packet.source, packet.destination, protocol, message.size());
  put(covered, message);
  return reference_sum(covered) == 0xffff;
}

std::optional<Dissected> dissect(const Octets& frame) {
  Dissected result;
  if (!read_link(frame, result)) return std::nullopt;
  const bool is_ip = result.ether_type == kTypeIpv4   ? read_ipv4(frame, result)
                     : result.ether_type == kTypeIpv6 ? read_ipv6(frame, result)
                                                      : false;
  if (!is_ip) return std::nullopt;
  const std::size_t upper = result.ip_offset + result.ip_header_length;
  result.upper = slice(frame, upper, result.ip_end - upper);
  if (result.protocol == 17 && result.upper.size() >= 8) read_udp(result);
  return result;
}

NtpFields Dissected::ntp() const {
  const auto word = [this](std::size_t at) {
    return static_cast<std::uint32_t>(get(payload, at, 4));
  };
  const unsigned flags = payload.at(0);
  return {.leap = flags >> 6U,
          .version = flags >> 3U & 7U,
          .mode = flags & 7U,
          .stratum = payload.at(1),
          .poll = payload.at(2),
          .precision = payload.at(3),
          .root_delay = word(4),
          .root_dispersion = word(8),
          .reference_id = word(12),
          .reference = get(payload, 16, 8),
          .origin = get(payload, 24, 8),
          .receive = get(payload, 32, 8),
          .transmit = get(payload, 40, 8)};
}

}  // namespace pollux::test
