#include "control/service/instance_lock.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

TEST(InstanceLock, SecondInstanceIsToldAboutTheFirst) {
  const TemporaryDirectory directory;
  const auto run_dir = directory.path() / "run" / "pollux";
  auto first = InstanceLock::acquire(run_dir, "polluxd");
  ASSERT_TRUE(first) << first.error();
  struct stat status{};
  ASSERT_EQ(stat(run_dir.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
  const auto second = InstanceLock::acquire(run_dir, "polluxd");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), fmt::format("another polluxd (pid {}) is running with run_dir {}",
                                        getpid(), run_dir.string()));
}

TEST(InstanceLock, GoesWithItsOwner) {
  const TemporaryDirectory directory;
  {
    const auto first = InstanceLock::acquire(directory.path(), "polluxd");
    ASSERT_TRUE(first);
  }
  EXPECT_TRUE(InstanceLock::acquire(directory.path(), "polluxd"));
}

TEST(InstanceLock, UnreadablePidIsLeftOut) {
  const TemporaryDirectory directory;
  const auto first = InstanceLock::acquire(directory.path(), "polluxd");
  ASSERT_TRUE(first);
  directory.write("polluxd.lock", "garbage");
  const auto second = InstanceLock::acquire(directory.path(), "polluxd");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "another polluxd is running with run_dir " + directory.path().string());
}

TEST(InstanceLock, ImpossibleDirectory) {
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "");
  const auto lock = InstanceLock::acquire(file / "run", "polluxd");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().find("cannot make the directory"), std::string::npos);
  EXPECT_FALSE(InstanceLock::acquire(file, "polluxd"));
}

}  // namespace
}  // namespace pollux::control
