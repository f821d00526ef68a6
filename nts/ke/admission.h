// Who may begin a session, decided before a connection costs any cryptography: a token bucket for
// each IPv4 address and each IPv6 /64, and one for all together. Time comes in as an argument. Not
// for several threads at once.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pollux::nts {

struct AdmissionSettings {
  // Sessions that an address may begin at once, and how long it takes until it may begin one more.
  std::uint32_t sessions_per_address = 8;  // 0: no limit
  std::chrono::nanoseconds address_interval = std::chrono::milliseconds{250};
  std::uint32_t sessions_per_second = 0;  // of all; 0: no limit

  friend bool operator==(const AdmissionSettings&, const AdmissionSettings&) = default;
};

// What the limit of one address counts together.
struct ClientPrefix {
  std::uint64_t bits = 0;  // IPv4: the address; IPv6: the first 64 bits
  bool ipv6 = false;

  friend bool operator==(const ClientPrefix&, const ClientPrefix&) = default;
};

class Admission {
 public:
  using Time = std::chrono::nanoseconds;  // of any clock that does not go back, never negative
  using HashKey = std::array<std::uint64_t, 2>;  // random: nobody shall choose whom he meets

  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kSets = 2048;

  Admission(const AdmissionSettings& settings, const HashKey& key);

  // Takes a token of both buckets, or none.
  [[nodiscard]] bool admit(const ClientPrefix& client, Time now);

  // New limits; what was taken stays taken.
  void set(const AdmissionSettings& settings) noexcept { settings_ = settings; }

 private:
  // A bucket as the time at which it will be full again.
  struct Entry {
    ClientPrefix client;
    Time full_at{0};
  };

  [[nodiscard]] Entry& entry_of(const ClientPrefix& client);

  AdmissionSettings settings_;
  HashKey key_;
  std::vector<Entry> entries_;  // kSets times kWays
  Time all_full_at_{0};
};

// SipHash-2-4 (Aumasson, Bernstein 2012) of two words.
[[nodiscard]] std::uint64_t sip_hash(const Admission::HashKey& key,
                                     const std::array<std::uint64_t, 2>& words) noexcept;

}  // namespace pollux::nts
