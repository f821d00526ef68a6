// chronyd's command protocol, version 6: the three questions that need no rights, and their
// answers. Spoken over UDP port 323 and the Unix socket of chronyd. Pure: octets in, values out.
// Source of the format: chrony's candm.h, pktlength.c and util.c, and chronyd 4.3 itself.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "ptp/clock/snapshot.h"

namespace pollux::message {

inline constexpr std::uint8_t kChronyProtocolVersion = 6;
inline constexpr std::uint16_t kChronyPort = 323;

enum class ChronyCommand : std::uint16_t { kSourceCount = 14, kSourceData = 15, kTracking = 33 };

// Lengths of a good reply. A request is as long as its good reply: chronyd answers nothing shorter,
// so that it cannot be used to amplify.
inline constexpr std::size_t kSourceCountLength = 32;
inline constexpr std::size_t kSourceDataLength = 76;
inline constexpr std::size_t kTrackingLength = 104;
inline constexpr std::size_t kLongestChronyMessage = kTrackingLength;

// What is wrong with a reply. Checked in this order.
enum class ChronyFault : std::uint8_t {
  kShort,     // shorter than the header of a reply
  kVersion,   // another version of the protocol
  kKind,      // no reply, or reserved octets that are not 0
  kSequence,  // not the reply to this request
  kCommand,   // the reply to another command
  kStatus,    // chronyd refused; kNoSuchSource where it knows no source of that index
  kNoSuchSource,
  kReplyType,  // not the type that belongs to the command
  kLength,     // not exactly the length of that type
  kValue,      // a field out of its range
};

enum class ChronyAddressKind : std::uint8_t {
  kNone = 0,
  kIpv4 = 1,
  kIpv6 = 2,
  kUnresolved = 3,  // a name that chronyd has not resolved yet; the octets hold a number of its own
};

struct ChronyAddress {
  ChronyAddressKind kind = ChronyAddressKind::kNone;
  std::array<std::uint8_t, 16> octets{};  // network order; the first 4 of an IPv4 address

  friend constexpr bool operator==(const ChronyAddress&, const ChronyAddress&) = default;
};

// Seconds and parts per million as chronyd sends them: 24 significant bits.
struct Tracking {
  std::uint32_t reference_id = 0;  // first octet in the top byte
  ChronyAddress address;           // of the selected source; kNone for a refclock or without any
  std::uint8_t stratum = 0;        // of chronyd itself: one more than its source; 0 without any
  clock::LeapIndicator leap = clock::LeapIndicator::kUnsynchronised;
  std::int64_t reference_seconds = 0;  // last update, since the Unix epoch
  std::uint32_t reference_nanoseconds = 0;
  double current_correction = 0;    // s; chronyd's best estimate of the time is system clock + this
  double last_offset = 0;           // s
  double rms_offset = 0;            // s
  double frequency = 0;             // ppm
  double residual_frequency = 0;    // ppm
  double skew = 0;                  // ppm
  double root_delay = 0;            // s
  double root_dispersion = 0;       // s
  double last_update_interval = 0;  // s
};

enum class ChronySourceState : std::uint8_t {
  kSelected = 0,
  kNonselectable = 1,
  kFalseticker = 2,
  kJittery = 3,
  kUnselected = 4,  // combined with the selected one
  kSelectable = 5,  // good, but not used
};

enum class ChronySourceMode : std::uint8_t { kClient = 0, kPeer = 1, kReference = 2 };

struct SourceData {
  ChronyAddress address;           // kNone for a refclock
  std::uint32_t reference_id = 0;  // of a refclock; 0 for an NTP source
  std::int16_t poll = 0;           // log2 s
  std::uint16_t stratum = 0;
  ChronySourceState state = ChronySourceState::kNonselectable;
  ChronySourceMode mode = ChronySourceMode::kClient;
  std::uint16_t flags = 0;
  std::uint8_t reachability = 0;                   // last eight polls, latest in bit 0
  std::optional<std::chrono::seconds> sample_age;  // nothing: no sample, the offsets are 0
  // Source minus chronyd's estimate of the time (system clock + Tracking::current_correction), s;
  // on the wire the sign is the other way round.
  double original_offset = 0;  // as measured
  double offset = 0;           // brought forward by what chronyd has corrected since
  double error = 0;            // s; half the root delay and the root dispersion of that sample
};

// Each writes one request to the start of `out` and gives its length; 0 where `out` is too small.
[[nodiscard]] std::size_t write_tracking_request(std::span<std::byte> out,
                                                 std::uint32_t sequence) noexcept;
[[nodiscard]] std::size_t write_source_count_request(std::span<std::byte> out,
                                                     std::uint32_t sequence) noexcept;
[[nodiscard]] std::size_t write_source_data_request(std::span<std::byte> out,
                                                    std::uint32_t sequence,
                                                    std::uint32_t index) noexcept;

// The sequence number of something that is long enough to be a reply, to find its request.
[[nodiscard]] std::optional<std::uint32_t> chrony_sequence(
    std::span<const std::byte> reply) noexcept;

[[nodiscard]] std::expected<Tracking, ChronyFault> read_tracking(std::span<const std::byte> reply,
                                                                 std::uint32_t sequence) noexcept;
// How many sources chronyd has, refclocks and unresolved names among them.
[[nodiscard]] std::expected<std::uint32_t, ChronyFault> read_source_count(
    std::span<const std::byte> reply, std::uint32_t sequence) noexcept;
[[nodiscard]] std::expected<SourceData, ChronyFault> read_source_data(
    std::span<const std::byte> reply, std::uint32_t sequence) noexcept;

// chronyd's own floating-point format: 7 bits of signed exponent e, 25 bits of signed coefficient
// c; the value is c * 2^(e - 25). Always finite.
[[nodiscard]] double chrony_float(std::uint32_t bits) noexcept;

}  // namespace pollux::message
