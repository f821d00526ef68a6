#include "control/keys/key_keeper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/control/socket_peer.h"
#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/keys/key_rings.h"
#include "tests/unit/keys/run_until.h"

namespace pollux::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Rotate = std::optional<seconds>;

constexpr seconds kWeek = std::chrono::days{7};

class KeeperTest : public testing::Test {
 protected:
  KeyKeeper& keep(Rotate rotate) {
    keeper_.emplace(loop_, KeyKeeper::Settings{file_, own_access(), rotate},
                    [this](const nts::KeyRing& ring) { rings_.push_back(ring); });
    return *keeper_;
  }
  void save(unsigned rotations, double age = 0) const {
    ASSERT_TRUE(save_keys(file_, {.ring = ring_of(rotations), .age_seconds = age}, own_access()));
  }
  // As if the file had been written so long ago.
  void make_older(seconds age) const {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= age.count();
    const timespec times[] = {now, now};
    ASSERT_EQ(utimensat(AT_FDCWD, file_.c_str(), times, 0), 0);
  }
  [[nodiscard]] nts::KeyRing stored() const { return load_keys(file_, own_access())->file.ring; }
  std::string failure(Rotate rotate) {
    try {
      keep(rotate);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "ntskeys";
  EventLoop loop_;
  std::vector<nts::KeyRing> rings_;
  std::optional<KeyKeeper> keeper_;
};

TEST_F(KeeperTest, OwnerMakesTheFirstKeys) {
  const nts::KeyRing first = keep(kWeek).ring();
  EXPECT_EQ(stored(), first);
  struct stat status{};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  keeper_.reset();
  EXPECT_EQ(keep(kWeek).ring(), first);
  keeper_.reset();
  std::filesystem::remove(file_);
  EXPECT_FALSE(keep(kWeek).ring() == first);
  EXPECT_TRUE(rings_.empty());
}

TEST_F(KeeperTest, NobodyElseDoes) {
  EXPECT_EQ(failure(std::nullopt), file_.string() + ": does not exist");
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(KeeperTest, RefusedFileIsNotReplaced) {
  std::ofstream{file_} << "rubbish\n";
  chmod(file_.c_str(), 0600);
  EXPECT_EQ(failure(kWeek), file_.string() + ": line 1 is neither NKS0 nor NKS1");
  EXPECT_EQ(text_of(file_), "rubbish\n");
}

// Age counts while the program is not there, and one rotation is enough however long that was.
TEST_F(KeeperTest, OverdueAfterARestartRotatesOnce) {
  save(0);
  make_older(10 * kWeek);
  keep(kWeek);
  EXPECT_TRUE(run_until(loop_, [this] { return !rings_.empty(); }, milliseconds{3000}));
  run_for(loop_, milliseconds{2500});
  ASSERT_EQ(rings_.size(), 1U);
  EXPECT_EQ(stored(), rings_[0]);
  EXPECT_EQ(rings_[0].current(), ring_of(0).next());
  EXPECT_NE(rings_[0].find(ring_of(0).current().id), nullptr);
  EXPECT_LT(keeper_->report().age_seconds, 60);
}

TEST_F(KeeperTest, NotBeforeItsTime) {
  save(0, 3600);
  make_older(kWeek - seconds{7200});
  keep(kWeek);
  const KeyReport report = keeper_->report();
  EXPECT_NEAR(report.age_seconds, static_cast<double>(kWeek.count()) - 3600, 60);
  ASSERT_TRUE(report.next_rotation_seconds);
  EXPECT_NEAR(*report.next_rotation_seconds, 3600, 60);
  EXPECT_EQ(report.file, file_.string());
  EXPECT_FALSE(report.trouble);
  run_for(loop_, milliseconds{1500});
  EXPECT_TRUE(rings_.empty());
  EXPECT_EQ(stored(), ring_of(0));
}

TEST_F(KeeperTest, RotatesAgainAndAgain) {
  keep(seconds{1});
  run_for(loop_, milliseconds{4500});
  EXPECT_GE(rings_.size(), 2U);
  EXPECT_LE(rings_.size(), 4U);
  for (std::size_t i = 1; i < rings_.size(); ++i)
    EXPECT_EQ(rings_[i].current(), rings_[i - 1].next());
  EXPECT_EQ(stored(), rings_.back());
  keeper_->set_rotation(kWeek);
  const std::size_t count = rings_.size();
  run_for(loop_, milliseconds{2500});
  EXPECT_EQ(rings_.size(), count);
}

TEST_F(KeeperTest, OldCookiesOpenAfterTwoRotations) {
  KeyKeeper& keeper = keep(kWeek);
  const nts::CookieKey first = keeper.ring().current();
  ASSERT_TRUE(keeper.rotate());
  ASSERT_TRUE(keeper.rotate());
  ASSERT_NE(keeper.ring().find(first.id), nullptr);
  EXPECT_EQ(*keeper.ring().find(first.id), first);
  EXPECT_EQ(stored(), keeper.ring());
  EXPECT_EQ(rings_.size(), 2U);
}

TEST_F(KeeperTest, AnotherOwnersFileIsFollowed) {
  save(0);
  make_older(10 * kWeek);
  KeyKeeper& keeper = keep(std::nullopt);
  const auto rotated = keeper.rotate();
  ASSERT_FALSE(rotated);
  EXPECT_EQ(rotated.error(),
            "nts.rotate is \"never\": another program rotates the keys in " + file_.string());
  run_for(loop_, milliseconds{1500});
  EXPECT_TRUE(rings_.empty());
  save(1);
  EXPECT_TRUE(run_until(loop_, [this] { return !rings_.empty(); }));
  EXPECT_EQ(keeper.ring(), ring_of(1));
  EXPECT_FALSE(keeper.report().next_rotation_seconds);
}

TEST_F(KeeperTest, FileThatCannotBeWritten) {
  save(0);
  make_older(10 * kWeek);
  std::filesystem::create_directory(directory_.path() / "ntskeys.new");
  keep(kWeek);
  testing::internal::CaptureStderr();
  run_for(loop_, milliseconds{3500});
  const std::string reason = file_.string() + ": cannot be written: File exists";
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: the keys are not rotated: " + reason + "\n");
  EXPECT_EQ(keeper_->report().trouble, reason);
  EXPECT_EQ(keeper_->ring(), ring_of(0));
  EXPECT_EQ(keeper_->report().next_rotation_seconds, 0);
  std::filesystem::remove(directory_.path() / "ntskeys.new");
  EXPECT_TRUE(keeper_->rotate());
  EXPECT_FALSE(keeper_->report().trouble);
  EXPECT_EQ(keeper_->ring().current(), ring_of(0).next());
}

// The owner has lost its file: the keys go on, and the next rotation writes them again.
TEST_F(KeeperTest, LostFile) {
  save(0);
  keep(kWeek);
  std::filesystem::remove(file_);
  keeper_->look();
  EXPECT_EQ(keeper_->report().trouble, file_.string() + ": does not exist");
  EXPECT_EQ(keeper_->ring(), ring_of(0));
  EXPECT_TRUE(keeper_->rotate());
  EXPECT_FALSE(keeper_->report().trouble);
  EXPECT_EQ(stored().current(), ring_of(0).next());
}

}  // namespace
}  // namespace pollux::control
