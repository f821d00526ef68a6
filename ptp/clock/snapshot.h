// What the clock thread tells the workers: the map from counter to time, how long to believe it,
// the leap second to apply, and the fixed part of the NTP header. Pure values of 64-bit words.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

#include "ptp/clock/counter_map.h"
#include "ptp/clock/time.h"

namespace pollux::clock {

// RFC 5905 figure 9.
enum class LeapIndicator : std::uint8_t {
  kNone = 0,
  kInsert = 1,
  kDelete = 2,
  kUnsynchronised = 3
};

// Fields of the NTP header that do not depend on the request (RFC 5905 §7.3).
struct HeaderFields {
  LeapIndicator leap = LeapIndicator::kUnsynchronised;
  std::uint8_t stratum = 0;
  std::int8_t precision = 0;          // log2 of seconds
  std::uint32_t root_delay = 0;       // NTP short format, 16.16 s
  std::uint32_t root_dispersion = 0;  // NTP short format, 16.16 s
  std::uint32_t reference_id = 0;     // first octet in the top byte
};

// Octets 0..7 and 8..15 of the header as integers whose top byte is the first octet. Version, mode
// and poll are zero: the reply ORs in the request's.
struct PackedHeader {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  friend constexpr bool operator==(const PackedHeader&, const PackedHeader&) = default;
};

constexpr PackedHeader pack(const HeaderFields& fields) noexcept {
  return {
      .first = static_cast<std::uint64_t>(fields.leap) << 62U |
               static_cast<std::uint64_t>(fields.stratum) << 48U |
               static_cast<std::uint64_t>(static_cast<std::uint8_t>(fields.precision)) << 32U |
               fields.root_delay,
      .second = static_cast<std::uint64_t>(fields.root_dispersion) << 32U | fields.reference_id,
  };
}

constexpr HeaderFields unpack(const PackedHeader& header) noexcept {
  return {
      .leap = static_cast<LeapIndicator>(header.first >> 62U),
      .stratum = static_cast<std::uint8_t>(header.first >> 48U),
      .precision = static_cast<std::int8_t>(header.first >> 32U),
      .root_delay = static_cast<std::uint32_t>(header.first),
      .root_dispersion = static_cast<std::uint32_t>(header.second >> 32U),
      .reference_id = static_cast<std::uint32_t>(header.second),
  };
}

// NTP short format (16.16 s), rounded up so that an error is never understated, and saturated.
constexpr std::uint32_t to_ntp_short(std::chrono::nanoseconds length) noexcept {
  constexpr std::int64_t kLargest = 0xffff'ffff;
  if (length <= std::chrono::nanoseconds::zero()) return 0;
  if (length >= std::chrono::seconds{65'536}) return kLargest;
  const std::int64_t units = ((length.count() << 16) + 999'999'999) / 1'000'000'000;
  return static_cast<std::uint32_t>(units < kLargest ? units : kLargest);
}

// Said when there is no time to believe: stratum 0, leap indicator 3, root dispersion 1 s (RFC 5905
// §7.3).
constexpr HeaderFields unsynchronised_header(std::int8_t precision,
                                             std::uint32_t reference_id = 0) noexcept {
  return {.leap = LeapIndicator::kUnsynchronised,
          .stratum = 0,
          .precision = precision,
          .root_delay = 0,
          .root_dispersion = to_ntp_short(std::chrono::seconds{1}),
          .reference_id = reference_id};
}

// One published state. Every member is one 64-bit word, so that the latch can carry it word by
// word.
struct Snapshot {
  CounterMap map;
  Counter void_after;                // past it nothing here is believed
  NtpTime leap_at;                   // 0: none; else the instant, in the map's scale, of the leap
  PackedHeader header;               // before the leap
  NtpTime reference_time;            // when the clock was last set or corrected
  std::int64_t leap_seconds = 0;     // what to add from leap_at on: -1 for an inserted second
  std::uint64_t first_after_leap{};  // header.first from leap_at on
  std::int64_t error_bound_ns = 0;   // at the instant of publishing
  std::int64_t sigma_ns = 0;         // estimated standard deviation of the phase
  std::int64_t drift_ppb = 0;        // growth of the bound with age
  std::int64_t tai_minus_utc = 0;    // s, before the leap
  std::int64_t receive_compensation = 0;   // units of 2^-32 s, added to T2
  std::int64_t transmit_compensation = 0;  // units of 2^-32 s, added to T3
  std::uint64_t updates = 0;               // how many samples the clock has taken
};
static_assert(std::is_trivially_copyable_v<Snapshot>);
static_assert(sizeof(Snapshot) == 17 * sizeof(std::uint64_t));

}  // namespace pollux::clock
