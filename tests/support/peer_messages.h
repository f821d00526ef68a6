// Replies of chronyd and responses of ptp4l, put together field by field from the descriptions of
// their formats, without a line of the code under test. Pure; for tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/support/octets.h"

namespace pollux::test {

// The four octets of chronyd's float that is nearest to `value`.
[[nodiscard]] std::uint32_t chrony_float_of(double value);

struct ChronyReply {
  std::uint8_t version = 6;
  std::uint8_t packet_type = 2;
  std::uint16_t reserved = 0;
  std::uint16_t command = 0;
  std::uint16_t type = 0;
  std::uint16_t status = 0;
  std::uint32_t sequence = 0;
  Octets body;

  [[nodiscard]] Octets build() const;
};

// 20 octets: the address, its family, padding.
[[nodiscard]] Octets chrony_address(std::uint16_t family, const Octets& address);

struct TrackingFields {
  std::uint32_t reference_id = 0xc633'6407;
  Octets address = chrony_address(1, {198, 51, 100, 7});
  std::uint16_t stratum = 3;
  std::uint16_t leap = 0;
  std::uint32_t seconds_high = 0;
  std::uint32_t seconds_low = 1'800'000'000;
  std::uint32_t nanoseconds = 250'000'000;
  double correction = 0.125;
  double root_delay = 0.25;
  double root_dispersion = 0.0625;

  // last_offset, rms_offset, frequency, residual, skew, interval: -1, 2, -3, 4, 5, 16.
  [[nodiscard]] ChronyReply reply(std::uint32_t sequence) const;
};

struct SourceFields {
  Octets address = chrony_address(1, {198, 51, 100, 7});
  std::int16_t poll = 6;
  std::uint16_t stratum = 2;
  std::uint16_t state = 0;
  std::uint16_t mode = 0;
  std::uint16_t flags = 0;
  std::uint16_t reachability = 0377;
  std::uint32_t since_sample = 10;
  // As chronyd has it: this clock minus the source.
  double original_ahead = 0.5;
  double ahead = 0.25;
  double error = 0.03125;

  [[nodiscard]] ChronyReply reply(std::uint32_t sequence) const;
};

[[nodiscard]] ChronyReply source_count_reply(std::uint32_t sequence, std::uint32_t count);

// A management message with one TLV; the lengths are those of what is there unless given.
struct ManagementResponse {
  std::uint8_t message_type = 0x0d;
  std::uint8_t version = 0x02;
  int length = -1;
  std::uint8_t domain = 0;
  Octets source = from_hex("020000fffe000002 0000");
  std::uint16_t sequence = 0;
  Octets target = from_hex("0210203040506070 0001");
  std::uint8_t action = 2;
  std::uint16_t tlv_type = 1;
  int tlv_length = -1;
  std::uint16_t id = 0;
  Octets data;

  [[nodiscard]] Octets build() const;
};

inline constexpr std::uint16_t kTimeStatusId = 0xc000;
inline constexpr std::uint16_t kCurrentId = 0x2001;
inline constexpr std::uint16_t kParentId = 0x2002;
inline constexpr std::uint16_t kTimePropertiesId = 0x2003;

struct TimeStatusFields {
  std::int64_t master_offset = -42;
  std::int64_t ingress_time = 1'800'000'000'123'456'789;
  std::uint32_t present = 1;
  Octets grandmaster = from_hex("020000fffe000001");

  [[nodiscard]] Octets data() const;
};

struct ParentFields {
  std::uint8_t clock_class = 6;
  std::uint8_t clock_accuracy = 0x21;
  Octets grandmaster = from_hex("020000fffe000001");

  [[nodiscard]] Octets data() const;
};

// Offset and delay are scaled by 2^16.
[[nodiscard]] Octets current_data(std::uint16_t steps, std::int64_t offset, std::int64_t delay);
[[nodiscard]] Octets time_properties_data(std::int16_t utc_offset, std::uint8_t flags,
                                          std::uint8_t time_source);

}  // namespace pollux::test
