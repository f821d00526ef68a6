#include "nts/ke/admission.h"

#include <gtest/gtest.h>

#include "nts/ke/listener.h"
#include "tests/support/octets.h"

#include <netinet/in.h>

#include <cstring>

namespace pollux::nts {
namespace {

using namespace std::chrono_literals;
using Time = Admission::Time;

constexpr Admission::HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};
constexpr ClientPrefix kClient{.bits = 0xc0000201};
constexpr Time kStart = 1000s;

int admitted(Admission& admission, const ClientPrefix& client, Time now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += admission.admit(client, now) ? 1 : 0;
  return count;
}

TEST(KeAdmission, BurstThenOneForEachInterval) {
  Admission admission{{.sessions_per_address = 8, .address_interval = 250ms}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 20), 8);
  EXPECT_EQ(admitted(admission, kClient, kStart + 249ms, 5), 0);
  EXPECT_EQ(admitted(admission, kClient, kStart + 250ms, 5), 1);
  EXPECT_EQ(admitted(admission, kClient, kStart + 1000ms, 5), 3);
  EXPECT_EQ(admitted(admission, kClient, kStart + 1h, 20), 8);
}

TEST(KeAdmission, RefusalsCostNothing) {
  Admission admission{{.sessions_per_address = 1, .address_interval = 1s}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 1000), 1);
  EXPECT_EQ(admitted(admission, kClient, kStart + 1s, 1), 1);
}

TEST(KeAdmission, EachClientHasItsOwn) {
  Admission admission{{.sessions_per_address = 2}, kKey};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(admitted(admission, {.bits = i + 1}, kStart, 3), 2) << i;
    EXPECT_EQ(admitted(admission, {.bits = i + 1, .ipv6 = true}, kStart, 3), 2) << i;
  }
}

TEST(KeAdmission, NoLimit) {
  Admission admission{{.sessions_per_address = 0, .sessions_per_second = 0}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 100'000), 100'000);
}

// A tenth of a second's worth at once; then the rate.
TEST(KeAdmission, AllTogether) {
  Admission admission{{.sessions_per_address = 0, .sessions_per_second = 1000}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 500), 100);
  int count = 0;
  for (int i = 1; i <= 10'000; ++i) {
    count += admission.admit({.bits = static_cast<std::uint64_t>(i)}, kStart + i * 100us) ? 1 : 0;
  }
  EXPECT_NEAR(count, 1000, 1);
}

TEST(KeAdmission, SmallRatesHaveABurstOfEight) {
  Admission admission{{.sessions_per_address = 0, .sessions_per_second = 1}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 20), 8);
  EXPECT_EQ(admitted(admission, kClient, kStart + 1s, 20), 1);
}

// One client that is refused leaves the budget of all as it is, and the other way round.
TEST(KeAdmission, ARefusalTakesNoTokenOfTheOtherBucket) {
  Admission admission{
      {.sessions_per_address = 2, .address_interval = 1h, .sessions_per_second = 80}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 1000), 2);
  for (std::uint64_t i = 1; i <= 6; ++i)
    EXPECT_EQ(admitted(admission, {.bits = i}, kStart, 1), 1) << i;
  EXPECT_EQ(admitted(admission, {.bits = 7}, kStart, 10), 0) << "all tokens are gone";
  EXPECT_EQ(admitted(admission, {.bits = 7}, kStart + 1s, 10), 2) << "its own were not";
}

TEST(KeAdmission, NewLimitsHoldAtOnce) {
  Admission admission{{.sessions_per_address = 2}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 5), 2);
  admission.set({.sessions_per_address = 5});
  EXPECT_EQ(admitted(admission, kClient, kStart, 5), 3);
}

// A flood of prefixes cannot make the table grow, and those that were seen last stay known.
TEST(KeAdmission, TableIsFull) {
  Admission admission{{.sessions_per_address = 1, .address_interval = 1h}, kKey};
  constexpr std::uint64_t kMany = Admission::kSets * Admission::kWays * 4;
  for (std::uint64_t i = 1; i <= kMany; ++i)
    EXPECT_TRUE(admission.admit({.bits = i, .ipv6 = true}, kStart + Time{static_cast<long>(i)}));
  int known = 0;
  for (std::uint64_t i = kMany - 999; i <= kMany; ++i)
    known += admission.admit({.bits = i, .ipv6 = true}, kStart + 1s) ? 0 : 1;
  EXPECT_GT(known, 900);
}

// An empty bucket is kept while full ones can be forgotten.
TEST(KeAdmission, IdleClientsAreForgottenFirst) {
  Admission admission{{.sessions_per_address = 8, .address_interval = 1s}, kKey};
  EXPECT_EQ(admitted(admission, kClient, kStart, 8), 8);
  for (std::uint64_t i = 1; i <= Admission::kSets; ++i)
    static_cast<void>(admission.admit({.bits = i, .ipv6 = true}, kStart));
  EXPECT_EQ(admitted(admission, kClient, kStart, 8), 0);
}

// Made with `openssl mac -macopt hexkey:... -macopt size:8 SIPHASH` over the words' octets.
TEST(KeAdmission, HashIsSipHash) {
  EXPECT_EQ(
      sip_hash({0x0706050403020100, 0x0f0e0d0c0b0a0908}, {0x0706050403020100, 0x0f0e0d0c0b0a0908}),
      0x3f2acc7f57c29bdbULL);
}

TEST(KeAdmission, Prefixes) {
  sockaddr_storage storage{};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
  ipv4.sin_family = AF_INET;
  ipv4.sin_addr.s_addr = 0x01020304;
  EXPECT_EQ(prefix_of(storage), (ClientPrefix{.bits = 0x01020304}));
  const auto ipv6 = [](const char* text) {
    sockaddr_storage made{};
    auto& address = reinterpret_cast<sockaddr_in6&>(made);
    address.sin6_family = AF_INET6;
    const auto octets = test::address(text);
    std::memcpy(address.sin6_addr.s6_addr, octets.data(), octets.size());
    return prefix_of(made);
  };
  EXPECT_EQ(ipv6("2001:db8:0:1::1"), ipv6("2001:db8:0:1:ffff::2"));
  EXPECT_NE(ipv6("2001:db8:0:1::1"), ipv6("2001:db8:0:2::1"));
  EXPECT_TRUE(ipv6("2001:db8::").ipv6);
}

}  // namespace
}  // namespace pollux::nts
