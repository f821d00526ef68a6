#include "control/service/run_directory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

TEST(RunDirectory, SecondInstanceIsToldAboutTheFirst) {
  const TemporaryDirectory directory;
  const auto run_dir = directory.path() / "run" / "pollux";
  auto first = RunDirectory::acquire(run_dir, "polluxd");
  ASSERT_TRUE(first) << first.error();
  struct stat status{};
  for (const auto& made : {run_dir, run_dir / "polluxd"}) {
    ASSERT_EQ(stat(made.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0755U);
  }
  EXPECT_EQ(first->path(), run_dir / "polluxd");
  const auto second = RunDirectory::acquire(run_dir, "polluxd");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), fmt::format("another polluxd (pid {}) is running with run_dir {}",
                                        getpid(), run_dir.string()));
}

TEST(RunDirectory, GoesWithItsOwner) {
  const TemporaryDirectory directory;
  {
    const auto first = RunDirectory::acquire(directory.path(), "polluxd");
    ASSERT_TRUE(first);
  }
  EXPECT_TRUE(RunDirectory::acquire(directory.path(), "polluxd"));
}

TEST(RunDirectory, UnreadablePidIsLeftOut) {
  const TemporaryDirectory directory;
  const auto first = RunDirectory::acquire(directory.path(), "polluxd");
  ASSERT_TRUE(first);
  directory.write("polluxd/lock", "garbage");
  const auto second = RunDirectory::acquire(directory.path(), "polluxd");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "another polluxd is running with run_dir " + directory.path().string());
}

TEST(RunDirectory, ImpossibleDirectory) {
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "");
  const auto lock = RunDirectory::acquire(file / "run", "polluxd");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().find("cannot make the directory"), std::string::npos);
  EXPECT_FALSE(RunDirectory::acquire(file, "polluxd"));
}

TEST(RunDirectory, ProgramsDoNotMindEachOther) {
  const TemporaryDirectory directory;
  const auto polluxd = RunDirectory::acquire(directory.path(), "polluxd");
  const auto pollux_ke = RunDirectory::acquire(directory.path(), "pollux-ke");
  EXPECT_TRUE(polluxd);
  EXPECT_TRUE(pollux_ke);
}

const User kNobody{.name = "nobody", .uid = 65534, .gid = 65534, .groups = {65534}};

TEST(RunDirectory, BelongsToWhoTheProgramBecomes) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  for (int run = 0; run < 2; ++run) {
    const auto taken = RunDirectory::acquire(directory.path(), "polluxd", kNobody);
    ASSERT_TRUE(taken) << taken.error();
    for (const auto& given : {taken->path(), taken->path() / "lock"}) {
      struct stat status{};
      ASSERT_EQ(stat(given.c_str(), &status), 0);
      EXPECT_EQ(status.st_uid, kNobody.uid) << given;
    }
    struct stat status{};
    ASSERT_EQ(stat(directory.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 0U);
  }
}

// The user's directory may hold whatever the user likes.
TEST(RunDirectory, LinksAreNotGivenAway) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  const auto precious = directory.write("precious", "text");
  const auto lock = directory.make("polluxd") / "lock";
  const auto refused = [&] {
    const auto taken = RunDirectory::acquire(directory.path(), "polluxd", kNobody);
    struct stat status{};
    EXPECT_EQ(stat(precious.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 0U);
    EXPECT_EQ(status.st_size, 4);
    return !taken;
  };
  std::filesystem::create_symlink(precious, lock);
  EXPECT_TRUE(refused());
  std::filesystem::remove(lock);
  std::filesystem::create_hard_link(precious, lock);
  EXPECT_TRUE(refused());
  std::filesystem::remove_all(directory.path() / "polluxd");
  std::filesystem::create_directory_symlink(directory.make("elsewhere"),
                                            directory.path() / "polluxd");
  EXPECT_TRUE(refused());
}

TEST(RunDirectory, StrangersDirectoryIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  const auto own = directory.make("polluxd");
  ASSERT_EQ(chown(own.c_str(), 1, 1), 0);
  const auto taken = RunDirectory::acquire(directory.path(), "polluxd", kNobody);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), own.string() + " belongs to user 1");
}

}  // namespace
}  // namespace pollux::control
