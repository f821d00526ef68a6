#include "tests/support/peer_messages.h"

#include <cmath>

namespace pollux::test {

std::uint32_t chrony_float_of(double value) {
  if (value == 0) return 0;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  // The fraction is 0.5 to 1; 24 bits of it and a sign make 25.
  const auto coefficient = static_cast<std::int32_t>(std::lround(std::ldexp(fraction, 24)));
  return static_cast<std::uint32_t>(exponent + 1) << 25U |
         (static_cast<std::uint32_t>(coefficient) & 0x01ff'ffffU);
}

Octets ChronyReply::build() const {
  Octets octets{version, packet_type};
  put16(octets, reserved);
  put16(octets, command);
  put16(octets, type);
  put16(octets, status);
  put16(octets, 0);
  put32(octets, 0);
  put32(octets, sequence);
  put64(octets, 0);
  put(octets, body);
  return octets;
}

Octets chrony_address(std::uint16_t family, const Octets& address) {
  Octets octets = address;
  octets.resize(16);
  put16(octets, family);
  put16(octets, 0);
  return octets;
}

ChronyReply TrackingFields::reply(std::uint32_t sequence) const {
  ChronyReply reply{.command = 33, .type = 5, .sequence = sequence};
  put32(reply.body, reference_id);
  put(reply.body, address);
  put16(reply.body, stratum);
  put16(reply.body, leap);
  put32(reply.body, seconds_high);
  put32(reply.body, seconds_low);
  put32(reply.body, nanoseconds);
  for (const double value :
       {correction, -1.0, 2.0, -3.0, 4.0, 5.0, root_delay, root_dispersion, 16.0})
    put32(reply.body, chrony_float_of(value));
  return reply;
}

ChronyReply SourceFields::reply(std::uint32_t sequence) const {
  ChronyReply reply{.command = 15, .type = 3, .sequence = sequence};
  put(reply.body, address);
  put16(reply.body, static_cast<std::uint16_t>(poll));
  for (const std::uint16_t field : {stratum, state, mode, flags, reachability})
    put16(reply.body, field);
  put32(reply.body, since_sample);
  for (const double value : {original_ahead, ahead, error})
    put32(reply.body, chrony_float_of(value));
  return reply;
}

ChronyReply source_count_reply(std::uint32_t sequence, std::uint32_t count) {
  ChronyReply reply{.command = 14, .type = 2, .sequence = sequence};
  put32(reply.body, count);
  return reply;
}

Octets ManagementResponse::build() const {
  Octets tlv;
  put16(tlv, tlv_type);
  put16(tlv, tlv_length < 0 ? data.size() + 2 : static_cast<std::uint64_t>(tlv_length));
  put16(tlv, id);
  put(tlv, data);
  Octets octets{message_type, version};
  put16(octets, length < 0 ? 48 + tlv.size() : static_cast<std::uint64_t>(length));
  put8(octets, domain);
  put(octets, Octets(15));
  put(octets, source);
  put16(octets, sequence);
  put(octets, {4, 0x7f});
  put(octets, target);
  put(octets, {0, 0, action, 0});
  put(octets, tlv);
  return octets;
}

Octets TimeStatusFields::data() const {
  Octets octets;
  put64(octets, static_cast<std::uint64_t>(master_offset));
  put64(octets, static_cast<std::uint64_t>(ingress_time));
  put(octets, Octets(22, 0xee));
  put32(octets, present);
  put(octets, grandmaster);
  return octets;
}

Octets ParentFields::data() const {
  Octets octets = from_hex("020000fffe000001 0001 00 00 ffff 7fffffff 0a");
  put8(octets, clock_class);
  put8(octets, clock_accuracy);
  put16(octets, 0x4e5d);
  put8(octets, 128);
  put(octets, grandmaster);
  return octets;
}

Octets current_data(std::uint16_t steps, std::int64_t offset, std::int64_t delay) {
  Octets octets;
  put16(octets, steps);
  put64(octets, static_cast<std::uint64_t>(offset));
  put64(octets, static_cast<std::uint64_t>(delay));
  return octets;
}

Octets time_properties_data(std::int16_t utc_offset, std::uint8_t flags, std::uint8_t time_source) {
  Octets octets;
  put16(octets, static_cast<std::uint16_t>(utc_offset));
  put(octets, {flags, time_source});
  return octets;
}

}  // namespace pollux::test
