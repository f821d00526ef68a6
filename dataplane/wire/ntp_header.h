// The NTP header (RFC 5905 §7.3): offsets and the first octet. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/be.h"
#include "ptp/clock/time.h"

namespace pollux::wire {

inline constexpr std::size_t kNtpHeaderLength = 48;
inline constexpr std::uint16_t kNtpPort = 123;

namespace ntp {
inline constexpr std::size_t kFlags = 0;  // leap indicator, version, mode
inline constexpr std::size_t kStratum = 1;
inline constexpr std::size_t kPoll = 2;
inline constexpr std::size_t kPrecision = 3;
inline constexpr std::size_t kRootDelay = 4;
inline constexpr std::size_t kRootDispersion = 8;
inline constexpr std::size_t kReferenceId = 12;
inline constexpr std::size_t kReferenceTimestamp = 16;
inline constexpr std::size_t kOriginTimestamp = 24;
inline constexpr std::size_t kReceiveTimestamp = 32;
inline constexpr std::size_t kTransmitTimestamp = 40;
}  // namespace ntp

// RFC 5905 figure 10.
enum NtpMode : std::uint8_t {
  kModeReserved = 0,
  kModeSymmetricActive = 1,
  kModeSymmetricPassive = 2,
  kModeClient = 3,
  kModeServer = 4,
  kModeBroadcast = 5,
  kModeControl = 6,
  kModePrivate = 7,
};

[[nodiscard]] constexpr std::uint8_t leap_of(std::uint8_t flags) noexcept {
  return static_cast<std::uint8_t>(flags >> 6U);
}
[[nodiscard]] constexpr std::uint8_t version_of(std::uint8_t flags) noexcept {
  return static_cast<std::uint8_t>(flags >> 3U & 7U);
}
[[nodiscard]] constexpr std::uint8_t mode_of(std::uint8_t flags) noexcept {
  return static_cast<std::uint8_t>(flags & 7U);
}
[[nodiscard]] constexpr std::uint8_t make_flags(std::uint8_t leap, std::uint8_t version,
                                                std::uint8_t mode) noexcept {
  return static_cast<std::uint8_t>(leap << 6U | version << 3U | mode);
}

[[nodiscard]] inline clock::NtpTime load_ntp_time(const std::byte* from) noexcept {
  return {load_be64(from)};
}
inline void store_ntp_time(std::byte* to, clock::NtpTime time) noexcept {
  store_be64(to, time.units);
}

}  // namespace pollux::wire
