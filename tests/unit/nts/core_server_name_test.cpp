#include "nts/core/server_name.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/ke_messages.h"

namespace pollux::nts {
namespace {

std::string label(std::size_t size) { return std::string(size, 'a'); }

// 253 characters: three labels of 63 and one of 61.
std::string longest_name() {
  return label(63) + '.' + label(63) + '.' + label(63) + '.' + label(61);
}

TEST(ServerName, MayBeAnAddress) {
  for (const std::string name :
       {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1",
        "2001:DB8:0:0:8:800:200C:417A", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:192.0.2.1",
        "1:2:3:4:5:6:192.0.2.1", "0000:0000:0000:0000:0000:0000:0000:0001"}) {
    EXPECT_TRUE(is_server_name(name)) << name;
    EXPECT_TRUE(test::may_name_server(name)) << "reference: " << name;
  }
}

TEST(ServerName, MayBeADomainName) {
  for (const std::string& name :
       {std::string{"ntp.example.org"}, std::string{"ntp.example.org."}, std::string{"localhost"},
        std::string{"NTP1"}, std::string{"xn--nxasmq6b.example"}, std::string{"3com.example"},
        std::string{"1.2.3.a"}, std::string{"a--b.c"}, label(63), longest_name(),
        longest_name() + '.'}) {
    EXPECT_TRUE(is_server_name(name)) << name;
    EXPECT_TRUE(test::may_name_server(name)) << "reference: " << name;
  }
  EXPECT_EQ((longest_name() + '.').size(), kLongestServerName);
}

TEST(ServerName, IsNothingElse) {
  for (const std::string& name : {std::string{},
                                  std::string{"."},
                                  std::string{".a"},
                                  std::string{"a.."},
                                  std::string{"a..b"},
                                  std::string{"-a"},
                                  std::string{"a-"},
                                  std::string{"a-.b"},
                                  std::string{"a_b"},
                                  std::string{"a b"},
                                  std::string{"a\n"},
                                  std::string{"zeit.\xc3\xb6"},
                                  std::string{"a\0", 2},
                                  std::string{"1.2.3"},
                                  std::string{"1.2.3.4."},
                                  std::string{"1.2.3.4.5"},
                                  std::string{"256.0.0.1"},
                                  std::string{"01.2.3.4"},
                                  std::string{"1.2.3.0004"},
                                  std::string{"1.2..4"},
                                  std::string{"1.2.3.4 "},
                                  std::string{" 1.2.3.4"},
                                  std::string{"123"},
                                  std::string{":"},
                                  std::string{":::"},
                                  std::string{"1:2:3:4:5:6:7"},
                                  std::string{"1:2:3:4:5:6:7:8:9"},
                                  std::string{"1:2:3:4:5:6:7:8::"},
                                  std::string{"1:2:3:4::5:6:7:8"},
                                  std::string{"1::2::3"},
                                  std::string{":1::2"},
                                  std::string{"1::2:"},
                                  std::string{"12345::"},
                                  std::string{"g::"},
                                  std::string{"::192.0.2.1:1"},
                                  std::string{"192.0.2.1::"},
                                  std::string{"::1.2.3"},
                                  std::string{"1:2:3:4:5:6:7:192.0.2.1"},
                                  std::string{"fe80::1%eth0"},
                                  std::string{"fe80::1%1"},
                                  std::string{"[::1]"},
                                  std::string{"192.0.2.1:123"},
                                  std::string{"::1/64"},
                                  label(64),
                                  longest_name() + 'a',
                                  longest_name() + ".a"}) {
    EXPECT_FALSE(is_server_name(name)) << name;
    EXPECT_FALSE(test::may_name_server(name)) << "reference: " << name;
  }
}

TEST(ServerName, IsWhatTheReferenceSaysAtRandom) {
  constexpr std::string_view kLikely = "0123456789abcdef::::....12-gZ%_";
  test::Random random{2};
  int good = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string name;
    for (std::size_t left = 1 + random.below(16); left > 0; --left)
      name += kLikely[random.below(kLikely.size())];
    ASSERT_EQ(is_server_name(name), test::may_name_server(name)) << name;
    good += is_server_name(name) ? 1 : 0;
  }
  EXPECT_GT(good, 3'000);
}

// An address with a group or two changed.
TEST(ServerName, IsWhatTheReferenceSaysOfChangedAddresses) {
  constexpr std::string_view kLikely = "0123459af:.";
  test::Random random{3};
  int good = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string name = std::array{"1:2:3:4:5:6:7:8", "::1:2:3:4:5:6", "1:2::192.0.2.1",
                                  "192.0.2.254"}[random.below(4)];
    for (std::size_t left = 1 + random.below(3); left > 0; --left) {
      const std::size_t at = random.below(name.size());
      const char c = kLikely[random.below(kLikely.size())];
      if (random.chance(3)) {
        name.erase(at, 1);
      } else if (random.chance(2)) {
        name.insert(at, 1, c);
      } else {
        name[at] = c;
      }
    }
    ASSERT_EQ(is_server_name(name), test::may_name_server(name)) << name;
    good += is_server_name(name) ? 1 : 0;
  }
  EXPECT_GT(good, 60'000);
  EXPECT_LT(good, 240'000);
}

}  // namespace
}  // namespace pollux::nts
