#include "tests/support/packet_builder.h"

namespace pollux::test {

namespace {

void put_mac(Octets& to, const Mac& mac) { to.insert(to.end(), mac.begin(), mac.end()); }

void put_link(Octets& to, const Mac& destination, const Mac& source, const std::vector<Tag>& tags,
              std::uint16_t ether_type) {
  put_mac(to, destination);
  put_mac(to, source);
  for (const Tag& tag : tags) {
    put16(to, tag.type);
    put16(to, tag.control);
  }
  put16(to, ether_type);
}

std::uint16_t complement(std::uint16_t sum) { return static_cast<std::uint16_t>(0xffffU - sum); }

Octets ipv4_header(const Frame& frame, std::size_t upper_length) {
  const std::size_t length = 20 + frame.ipv4_options.size();
  Octets header;
  put8(header, frame.first_octet.value_or(static_cast<std::uint8_t>(0x40U | length / 4)));
  put8(header, frame.type_of_service);
  put16(header, frame.ip_length.value_or(static_cast<std::uint16_t>(length + upper_length)));
  put16(header, frame.identification);
  put16(header, frame.fragment);
  put8(header, frame.time_to_live);
  put8(header, frame.protocol);
  put16(header, 0);
  put(header, frame.source);
  put(header, frame.destination);
  put(header, frame.ipv4_options);
  const std::uint16_t checksum = complement(reference_sum(header));
  set16(header, 10, checksum ^ (frame.wrong_ip_checksum ? 0x0101U : 0U));
  return header;
}

Octets ipv6_header(const Frame& frame, std::size_t payload_length) {
  Octets header;
  const std::uint32_t start = 0x6000'0000U | std::uint32_t{frame.type_of_service} << 20U;
  put32(header, start | frame.flow_label);
  if (frame.first_octet) header[0] = *frame.first_octet;
  put16(header, frame.ip_length.value_or(static_cast<std::uint16_t>(payload_length)));
  put8(header, frame.ipv6_extensions.empty() ? frame.protocol : frame.first_extension);
  put8(header, frame.time_to_live);
  put(header, frame.source);
  put(header, frame.destination);
  return header;
}

}  // namespace

Octets ntp_message(const NtpFields& fields) {
  Octets message;
  put8(message, fields.leap << 6U | fields.version << 3U | fields.mode);
  put8(message, fields.stratum);
  put8(message, fields.poll);
  put8(message, fields.precision);
  put32(message, fields.root_delay);
  put32(message, fields.root_dispersion);
  put32(message, fields.reference_id);
  put64(message, fields.reference);
  put64(message, fields.origin);
  put64(message, fields.receive);
  put64(message, fields.transmit);
  return message;
}

Octets extension_field(std::uint16_t type, std::size_t length,
                       std::optional<std::uint16_t> stated) {
  Octets field;
  put16(field, type);
  put16(field, stated.value_or(static_cast<std::uint16_t>(length)));
  field.resize(length);
  return field;
}

Octets Frame::upper_layer() const {
  if (upper) return *upper;
  const std::uint16_t length = udp_length.value_or(static_cast<std::uint16_t>(8 + payload.size()));
  Octets udp;
  put16(udp, source_port);
  put16(udp, destination_port);
  put16(udp, length);
  put16(udp, 0);
  put(udp, payload);
  if (udp_checksum == UdpChecksum::kZero) return udp;
  Octets covered = pseudo_header(source, destination, 17, length);
  if (udp_checksum != UdpChecksum::kPseudoHeaderOnly) {
    put(covered, slice(udp, 0, length < udp.size() ? length : udp.size()));
  }
  const std::uint16_t sum = reference_sum(covered);
  const std::uint16_t right = sum == 0xffff ? std::uint16_t{0xffff} : complement(sum);
  switch (udp_checksum) {
    case UdpChecksum::kPseudoHeaderOnly:
      set16(udp, 6, sum);
      break;
    case UdpChecksum::kWrong:
      set16(udp, 6, right ^ 0x0100U);
      break;
    default:
      set16(udp, 6, right);
  }
  return udp;
}

Octets Frame::ip_packet() const {
  const Octets body = upper_layer();
  if (!is_ipv6()) {
    Octets packet = ipv4_header(*this, body.size());
    put(packet, body);
    return packet;
  }
  Octets packet = ipv6_header(*this, ipv6_extensions.size() + body.size());
  put(packet, ipv6_extensions);
  put(packet, body);
  return packet;
}

Octets Frame::build() const {
  Octets octets;
  put_link(octets, destination_mac, source_mac, tags,
           ether_type.value_or(is_ipv6() ? kTypeIpv6 : kTypeIpv4));
  put(octets, ip_packet());
  put(octets, trailer);
  return octets;
}

Frame ipv4_request(const NtpFields& fields) { return {.payload = ntp_message(fields)}; }

Frame ipv6_request(const NtpFields& fields) {
  return {.source = address("2001:db8::10"),
          .destination = address("2001:db8::1"),
          .payload = ntp_message(fields)};
}

Octets options_header(std::uint8_t next, const Octets& options) {
  Octets header;
  put8(header, next);
  put8(header, 0);
  put(header, options);
  const std::size_t missing = (8 - header.size() % 8) % 8;
  if (missing == 1) put8(header, 0);
  if (missing > 1) {
    put8(header, 1);
    put8(header, missing - 2);
    header.resize(header.size() + missing - 2);
  }
  header[1] = static_cast<std::uint8_t>(header.size() / 8 - 1);
  return header;
}

Octets icmpv6_with_checksum(Octets message, const Octets& source, const Octets& destination) {
  set16(message, 2, 0);
  Octets covered = pseudo_header(source, destination, 58, message.size());
  put(covered, message);
  set16(message, 2, complement(reference_sum(covered)));
  return message;
}

Frame echo_request(Frame frame, const Octets& data) {
  Octets message{frame.is_ipv6() ? std::uint8_t{128} : std::uint8_t{8}, 0, 0, 0, 0x12, 0x34, 0, 1};
  put(message, data);
  frame.protocol = frame.is_ipv6() ? 58 : 1;
  if (frame.is_ipv6()) {
    message = icmpv6_with_checksum(message, frame.source, frame.destination);
  } else {
    set16(message, 2, complement(reference_sum(message)));
  }
  frame.upper = message;
  return frame;
}

Octets solicited_node(const Octets& target) {
  Octets group = address("ff02::1:ff00:0");
  for (std::size_t i = 13; i < 16; ++i) group[i] = target[i];
  return group;
}

Mac multicast_mac(const Octets& group) {
  return {0x33, 0x33, group[12], group[13], group[14], group[15]};
}

Octets link_address_option(std::uint8_t type, const Mac& mac) {
  Octets option;
  put8(option, type);
  put8(option, 1);
  put_mac(option, mac);
  return option;
}

Frame solicitation(const Octets& source, const Octets& target, const Octets& options) {
  Octets message{135, 0, 0, 0, 0, 0, 0, 0};
  put(message, target);
  put(message, options);
  const Octets group = solicited_node(target);
  return {.destination_mac = multicast_mac(group),
          .source = source,
          .destination = group,
          .time_to_live = 255,
          .protocol = 58,
          .upper = icmpv6_with_checksum(message, source, group)};
}

Octets arp_frame(const ArpFields& fields) {
  Octets octets;
  put_link(octets, fields.destination_mac, fields.source_mac, fields.tags, kTypeArp);
  put16(octets, fields.hardware);
  put16(octets, fields.protocol);
  put8(octets, fields.hardware_length);
  put8(octets, fields.protocol_length);
  put16(octets, fields.operation);
  put_mac(octets, fields.sender_mac);
  put(octets, fields.sender);
  put_mac(octets, fields.target_mac);
  put(octets, fields.target);
  put(octets, fields.trailer);
  return octets;
}

}  // namespace pollux::test
