#include "control/keys/key_access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace pollux::control {
namespace {

TEST(KeyAccess, RootAndOurselves) {
  const auto access = key_access(Config{});
  ASSERT_TRUE(access) << access.error();
  EXPECT_EQ(std::ranges::count(access->owners, 0U), geteuid() == 0 ? 2 : 1);
  EXPECT_EQ(access->owners.back(), geteuid());
  EXPECT_FALSE(access->group);
}

TEST(KeyAccess, UserAndGroupByName) {
  Config config;
  config.ke.user = "daemon";
  config.nts.key_group = "root";
  const auto access = key_access(config);
  ASSERT_TRUE(access) << access.error();
  EXPECT_EQ(access->owners.back(), 1U);
  EXPECT_EQ(access->group, 0U);
}

TEST(KeyAccess, NamesThatNobodyHas) {
  Config config;
  config.ke.user = "no-such\nname";
  EXPECT_EQ(key_access(config).error(), "ke.user: there is no user 'no-such?name'");
  config.ke.user.clear();
  config.nts.key_group = "no-such-name";
  EXPECT_EQ(key_access(config).error(), "nts.key_group: there is no group 'no-such-name'");
}

}  // namespace
}  // namespace pollux::control
