// The allowance for ARP, neighbour discovery and ping replies.
#include "dataplane/responder/host_reply.h"

#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

constexpr std::int64_t kInterval = 1'000;
constexpr std::int64_t kBurst = 9'000;

int take_all(HostLimit& limit, std::uint64_t now) {
  int taken = 0;
  while (taken < 1'000 && limit.take({now}, kInterval, kBurst)) ++taken;
  return taken;
}

TEST(HostLimit, ABurstAndThenTheRate) {
  HostLimit limit;
  EXPECT_EQ(take_all(limit, 1'000'000), 10);
  EXPECT_EQ(take_all(limit, 1'000'999), 0);
  EXPECT_EQ(take_all(limit, 1'001'000), 1);
  EXPECT_EQ(take_all(limit, 1'004'000), 3);
}

TEST(HostLimit, ARestIsNotSavedBeyondTheBurst) {
  HostLimit limit;
  EXPECT_EQ(take_all(limit, 1'000'000), 10);
  EXPECT_EQ(take_all(limit, 9'000'000), 10);
}

TEST(HostLimit, NoneAtAll) {
  HostLimit limit;
  for (std::uint64_t now = 0; now < 100'000; now += 100) EXPECT_FALSE(limit.take({now}, 0, kBurst));
}

TEST(HostLimit, SurvivesACounterWrap) {
  HostLimit limit;
  // Up to the wrap in steps of less than half the counter's range.
  for (const std::uint64_t now :
       {std::uint64_t{1} << 62, std::uint64_t{1} << 63, std::uint64_t{3} << 62}) {
    EXPECT_EQ(take_all(limit, now), 10) << now;
  }
  EXPECT_EQ(take_all(limit, ~std::uint64_t{0} - 499), 10);
  EXPECT_EQ(take_all(limit, 500), 1);
}

TEST(HostLimit, RateOverALongTime) {
  HostLimit limit;
  test::Random random{1};
  std::uint64_t now = 1'000'000;
  std::int64_t taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    now += random.below(300);
    taken += limit.take({now}, kInterval, kBurst) ? 1 : 0;
  }
  const auto allowed = static_cast<std::int64_t>(now - 1'000'000) / kInterval;
  EXPECT_GE(taken, allowed - 1);
  EXPECT_LE(taken, allowed + 11);
}

// A counter that was past half its range before the first reply.
TEST(HostLimit, StartsAtAnyCounter) {
  for (const std::uint64_t now : {std::uint64_t{0}, std::uint64_t{1} << 63,
                                  (std::uint64_t{1} << 63) + 5, ~std::uint64_t{0}}) {
    HostLimit limit;
    EXPECT_GE(take_all(limit, now), 10) << now;
  }
}

TEST(HostLimit, LimitsHostRepliesAndNotNtp) {
  test::FrameRunner runner;
  const PortPolicy policy{server_settings()};
  const RunOptions options{.allowance = {.interval = kInterval, .burst = 2 * kInterval}};
  const Octets ping = echo_request(ipv4_request(), Octets(8)).build();
  const Octets arp = test::arp_frame();
  const Octets ntp = ipv4_request().build();
  EXPECT_EQ(runner.run(policy, ping, options).verdict, Verdict::reply_echo);
  EXPECT_EQ(runner.run(policy, arp, options).verdict, Verdict::reply_arp);
  EXPECT_EQ(runner.run(policy, ping, options).verdict, Verdict::reply_echo);
  for (const auto& frame : {ping, arp}) {
    const auto result = runner.run(policy, frame, options);
    EXPECT_EQ(result.verdict, Verdict::drop_host_limit);
    EXPECT_EQ(result.faults, "");
  }
  EXPECT_EQ(runner.run(policy, ntp, options).verdict, Verdict::reply_plain);
  EXPECT_EQ(runner.counters().verdicts[index(Verdict::drop_host_limit)].read(), 2U);
}

}  // namespace
}  // namespace pollux::responder
