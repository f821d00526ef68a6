// Time types: the CPU counter, NTP time (32.32 modulo 2^64), UTC and TAI in nanoseconds.
// Pure values. Types of different timescales do not mix: subtracting TAI from UTC does not compile,
// and absolute time is never a floating-point number.
#pragma once

#include <chrono>
#include <cstdint>

namespace pollux::clock {

// One reading of the CPU's free-running counter, in ticks.
struct Counter {
  std::uint64_t ticks = 0;

  friend constexpr bool operator==(Counter, Counter) = default;
};

// Signed distance in ticks; right across a wrap and for a core whose counter is slightly behind.
constexpr std::int64_t operator-(Counter later, Counter earlier) noexcept {
  return static_cast<std::int64_t>(later.ticks - earlier.ticks);
}

constexpr Counter operator+(Counter counter, std::int64_t ticks) noexcept {
  return Counter{counter.ticks + static_cast<std::uint64_t>(ticks)};
}

// Signed length of time in units of 2^-32 s, up to +-68 years.
struct NtpDuration {
  std::int64_t units = 0;

  friend constexpr auto operator<=>(NtpDuration, NtpDuration) = default;
};

// A point in NTP time: seconds since 1900 in the upper half, modulo 2^32 (RFC 5905 §6). There is no
// "less than": only differences have a sign, and they hold across an era boundary such as that of
// 2036.
struct NtpTime {
  std::uint64_t units = 0;

  friend constexpr bool operator==(NtpTime, NtpTime) = default;
};

constexpr NtpDuration operator-(NtpTime later, NtpTime earlier) noexcept {
  return NtpDuration{static_cast<std::int64_t>(later.units - earlier.units)};
}

constexpr NtpTime operator+(NtpTime time, NtpDuration duration) noexcept {
  return NtpTime{time.units + static_cast<std::uint64_t>(duration.units)};
}

// Nanoseconds rounded towards minus infinity; exact to one unit (0.23 ns).
constexpr std::chrono::nanoseconds to_nanoseconds(NtpDuration duration) noexcept {
  __extension__ using Wide = __int128;
  return std::chrono::nanoseconds{
      static_cast<std::int64_t>(static_cast<Wide>(duration.units) * 1'000'000'000 >> 32)};
}

// The same with its fraction; for differences, never for absolute time.
constexpr double to_fractional_nanoseconds(NtpDuration duration) noexcept {
  return static_cast<double>(duration.units) * (1e9 / 4'294'967'296.0);
}

constexpr NtpDuration to_ntp_duration(std::chrono::nanoseconds nanoseconds) noexcept {
  __extension__ using Wide = __int128;
  return NtpDuration{
      static_cast<std::int64_t>((static_cast<Wide>(nanoseconds.count()) << 32) / 1'000'000'000)};
}

// Tags for std::chrono::time_point. Both count nanoseconds from the Unix epoch in their own scale.
struct UtcScale {
  using duration = std::chrono::nanoseconds;
};
struct TaiScale {
  using duration = std::chrono::nanoseconds;
};
using UtcTime = std::chrono::time_point<UtcScale, std::chrono::nanoseconds>;
using TaiTime = std::chrono::time_point<TaiScale, std::chrono::nanoseconds>;

// `tai_minus_utc` is 37 s since 2017; the Linux kernel says 0 where nobody told it.
constexpr UtcTime to_utc(TaiTime time, std::chrono::seconds tai_minus_utc) noexcept {
  return UtcTime{time.time_since_epoch() - tai_minus_utc};
}

// Seconds from the NTP prime epoch (1900) to the Unix epoch (RFC 5905 figure 4).
inline constexpr std::int64_t kUnixEpochInNtpSeconds = 2'208'988'800;

// The era is dropped: years 1900, 2036 and 2172 start at the same value.
constexpr NtpTime to_ntp(UtcTime time) noexcept {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto whole = static_cast<std::uint64_t>(seconds.count() + kUnixEpochInNtpSeconds) << 32U;
  return NtpTime{whole} + to_ntp_duration(since_epoch - seconds);
}

// The reading of `time` that lies within 68 years of `near`.
constexpr UtcTime to_utc(NtpTime time, UtcTime near) noexcept {
  return near + to_nanoseconds(time - to_ntp(near));
}

}  // namespace pollux::clock
