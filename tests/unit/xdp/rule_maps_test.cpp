// Rules that change while frames come.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/packet_builder.h"
#include "tests/unit/xdp/live_program.h"

namespace pollux::test {
namespace {

xdp::Own<wire::Ipv4Address> own(std::uint8_t last, bool everything = false) {
  return {{{192, 0, 2, last}}, everything};
}

Octets request_to(std::uint8_t last) {
  Frame frame = ipv4_request();
  frame.destination = {192, 0, 2, last};
  return frame.build();
}

class RuleMaps : public ::testing::Test {
 protected:
  void SetUp() override {
    auto live = LiveProgram::load();
    if (!live) GTEST_SKIP() << live.error();
    live_ = std::move(*live);
    const auto opened = live_->open_queue();
    if (!opened) GTEST_SKIP() << opened.error();
  }
  [[nodiscard]] Way way_to(std::uint8_t last) const { return live_->way_of(request_to(last)); }
  std::unique_ptr<LiveProgram> live_;
};

TEST_F(RuleMaps, ProgramIsKnownAsOurs) {
  EXPECT_TRUE(live_->program().is_ours());
  EXPECT_EQ(live_->program().name(), "pollux_ntp");
  EXPECT_EQ(live_->program().map("nosuch"), -1);
  const auto again = xdp::LoadedProgram::find(live_->program().id());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->is_ours());
}

TEST_F(RuleMaps, AddressesComeAndGo) {
  ASSERT_TRUE(live_->maps().set({.ports = {123}, .ipv4 = {own(1), own(2)}}));
  EXPECT_EQ(way_to(1), Way::kPollux);
  EXPECT_EQ(way_to(2), Way::kPollux);
  ASSERT_TRUE(live_->maps().set({.ports = {123}, .ipv4 = {own(2), own(3)}}));
  EXPECT_EQ(way_to(1), Way::kKernel);
  EXPECT_EQ(way_to(2), Way::kPollux);
  EXPECT_EQ(way_to(3), Way::kPollux);
}

TEST_F(RuleMaps, AddressChangesItsKind) {
  const Octets arp = arp_frame({.target = {192, 0, 2, 1}});
  for (const bool everything : {false, true, false}) {
    ASSERT_TRUE(live_->maps().set({.ports = {123}, .ipv4 = {own(1, everything)}}));
    EXPECT_EQ(live_->way_of(arp), everything ? Way::kPollux : Way::kKernel);
    EXPECT_EQ(way_to(1), Way::kPollux);
  }
}

TEST_F(RuleMaps, PortsComeAndGo) {
  Frame other = ipv4_request();
  other.destination_port = 1123;
  ASSERT_TRUE(live_->maps().set({.ports = {1123}, .ipv4 = {own(1)}}));
  EXPECT_EQ(way_to(1), Way::kKernel);
  EXPECT_EQ(live_->way_of(other.build()), Way::kPollux);
}

// All that a policy can have takes the place of as much.
TEST_F(RuleMaps, AllAddressesAreReplaced) {
  xdp::Rules rules{.ports = {123}};
  for (std::uint8_t last = 1; last <= 64; ++last) rules.ipv4.push_back(own(last));
  ASSERT_TRUE(live_->maps().set(rules));
  rules.ipv4.clear();
  for (std::uint8_t last = 101; last <= 164; ++last) rules.ipv4.push_back(own(last));
  ASSERT_TRUE(live_->maps().set(rules));
  EXPECT_EQ(way_to(64), Way::kKernel);
  EXPECT_EQ(way_to(164), Way::kPollux);
}

TEST_F(RuleMaps, TooManyAddressesAreAnErrorThatCanBeMended) {
  xdp::Rules rules{.ports = {123}};
  for (int last = 0; last < 200; ++last) rules.ipv4.push_back(own(static_cast<std::uint8_t>(last)));
  const auto set = live_->maps().set(rules);
  ASSERT_FALSE(set);
  EXPECT_NE(set.error().find("XDP program"), std::string::npos) << set.error();
  ASSERT_TRUE(live_->maps().set({.ports = {123}, .ipv4 = {own(7)}}));
  EXPECT_EQ(way_to(7), Way::kPollux);
  EXPECT_EQ(way_to(8), Way::kKernel);
}

TEST_F(RuleMaps, WhatStaysIsNeverMissing) {
  ASSERT_TRUE(live_->maps().set({.ports = {123}, .ipv4 = {own(1), own(2)}}));
  constexpr std::size_t kEnough = 2000;
  std::atomic<bool> done = false;
  std::atomic<std::size_t> asked = 0;
  std::size_t missed = 0;
  std::thread asker{[&] {
    for (; !done; ++asked) missed += way_to(1) != Way::kPollux;
  }};
  // However long the asker has to wait for a CPU.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  for (int i = 0; asked < kEnough && std::chrono::steady_clock::now() < patience; ++i) {
    const bool odd = i % 2 != 0;
    EXPECT_TRUE(live_->maps().set(
        {.ports = {123}, .vlans = {100}, .ipv4 = {own(1), own(odd ? 3 : 2, odd)}}));
  }
  done = true;
  asker.join();
  EXPECT_GE(asked, kEnough);
  EXPECT_EQ(missed, 0U);
}

}  // namespace
}  // namespace pollux::test
