#include "control/keys/key_follower.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/control/socket_peer.h"
#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/keys/key_rings.h"
#include "tests/unit/keys/run_until.h"

namespace pollux::control {
namespace {

using std::chrono::milliseconds;
using std::filesystem::path;

constexpr milliseconds kNever{3'600'000};  // only inotify can tell within this

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() { std::filesystem::create_directories(folder_); }

  void follow(milliseconds interval) {
    follower_.emplace(
        loop_, file_, own_access(),
        [this](const StoredKeys& keys) { rings_.push_back(keys.file.ring); }, interval);
    follower_->look();
  }
  void save(unsigned rotations, double age = 0) const {
    const auto saved =
        save_keys(file_, {.ring = ring_of(rotations), .age_seconds = age}, own_access());
    ASSERT_TRUE(saved) << saved.error();
  }
  void overwrite(const std::string& text) const { std::ofstream{file_} << text; }
  bool gets_ring(unsigned rotations, milliseconds longest = milliseconds{1000}) {
    return run_until(
        loop_, [&] { return !rings_.empty() && rings_.back() == ring_of(rotations); }, longest);
  }
  bool gets_trouble(const std::string& what) {
    return run_until(loop_, [&] {
      return follower_->trouble() && follower_->trouble()->sentence.contains(what);
    });
  }

  TemporaryDirectory directory_;
  path folder_ = directory_.path() / "a" / "b";
  path file_ = folder_ / "ntskeys";
  EventLoop loop_;
  std::vector<nts::KeyRing> rings_;
  std::optional<KeyFollower> follower_;
};

TEST_F(FollowerTest, RenameIsSeenWithinASecond) {
  save(0);
  follow(kNever);
  ASSERT_EQ(rings_.size(), 1U);
  for (unsigned i = 1; i <= 5; ++i) {
    save(i);
    EXPECT_TRUE(gets_ring(i)) << i;
  }
  EXPECT_EQ(rings_.size(), 6U);
  EXPECT_FALSE(follower_->trouble());
  EXPECT_EQ(follower_->keys()->file.ring, ring_of(5));
}

TEST_F(FollowerTest, FileThatIsWrittenInPlaceAndMended) {
  follow(kNever);
  EXPECT_EQ(follower_->trouble()->kind, KeyTrouble::Kind::kMissing);
  EXPECT_FALSE(follower_->keys());
  const mode_t mask = umask(022);
  overwrite(key_text(ring_of(1)));
  umask(mask);
  ASSERT_TRUE(gets_trouble("has mode 0644"));
  chmod(file_.c_str(), 0600);
  EXPECT_TRUE(gets_ring(1));
  EXPECT_FALSE(follower_->trouble());
  overwrite(key_text(ring_of(2)));
  EXPECT_TRUE(gets_ring(2));
}

TEST_F(FollowerTest, LastGoodRingIsKept) {
  save(3);
  follow(kNever);
  ASSERT_TRUE(gets_ring(3));
  overwrite(key_text(ring_of(4)).substr(0, 100));
  ASSERT_TRUE(gets_trouble("line 4 is missing or has no end"));
  std::filesystem::remove(file_);
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  follower_->look();
  EXPECT_TRUE(follower_->trouble()->sentence.ends_with("is no regular file"));
  std::filesystem::remove(file_);
  follower_->look();
  EXPECT_EQ(follower_->trouble()->kind, KeyTrouble::Kind::kMissing);
  EXPECT_EQ(rings_.size(), 1U);
  EXPECT_EQ(follower_->keys()->file.ring, ring_of(3));
  save(4);
  EXPECT_TRUE(gets_ring(4));
  EXPECT_FALSE(follower_->trouble());
}

TEST_F(FollowerTest, TellsTroubleOnce) {
  save(0);
  follow(milliseconds{10});
  testing::internal::CaptureStderr();
  overwrite("rubbish");
  EXPECT_TRUE(gets_trouble("line 1"));
  run_for(loop_, milliseconds{200});
  save(0);
  EXPECT_TRUE(run_until(loop_, [this] { return !follower_->trouble(); }));
  run_for(loop_, milliseconds{100});
  const std::string file = file_.string();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: " + file +
                ": line 1 is missing or has no end; the keys that were read before stay in force\n"
                "info: " +
                file + ": good again\n");
  EXPECT_EQ(rings_.size(), 1U);
}

TEST_F(FollowerTest, SameRingIsToldOnceAndOfANewAge) {
  save(0);
  follow(milliseconds{10});
  save(0);
  run_for(loop_, milliseconds{100});
  EXPECT_EQ(rings_.size(), 1U);
  save(0, 5);
  EXPECT_TRUE(run_until(loop_, [this] { return rings_.size() == 2; }));
  EXPECT_EQ(follower_->keys()->file.age_seconds, 5);
}

// inotify tells that the watched directory has gone elsewhere.
TEST_F(FollowerTest, DirectoryReplaced) {
  save(0);
  follow(kNever);
  std::filesystem::rename(folder_, directory_.path() / "old");
  std::filesystem::create_directory(folder_);
  save(1);
  EXPECT_TRUE(gets_ring(1));
  save(2);
  EXPECT_TRUE(gets_ring(2)) << "the new directory is not watched";
}

// inotify tells nothing where a directory further up is replaced, or one comes into being.
TEST_F(FollowerTest, SlowLookFindsWhatInotifyDoesNotTell) {
  std::filesystem::remove_all(directory_.path() / "a");
  follow(milliseconds{100});
  EXPECT_TRUE(follower_->trouble());
  std::filesystem::create_directories(folder_);
  save(0);
  EXPECT_TRUE(gets_ring(0));
  std::filesystem::rename(directory_.path() / "a", directory_.path() / "old");
  std::filesystem::create_directories(folder_);
  save(1);
  EXPECT_TRUE(gets_ring(1));
  EXPECT_EQ(rings_.size(), 2U);
}

TEST_F(FollowerTest, OtherFilesAndManyEvents) {
  save(0);
  follow(kNever);
  for (int i = 0; i < 2000; ++i) {
    const auto other = folder_ / (i % 2 == 0 ? "ntskeys.old" : "ntskey");
    std::ofstream{other} << i;
  }
  save(1);
  EXPECT_TRUE(gets_ring(1));
  EXPECT_EQ(rings_.size(), 2U);
}

TEST_F(FollowerTest, NothingIsLeftInTheLoop) {
  save(0);
  follow(milliseconds{10});
  follower_.reset();
  save(1);
  run_for(loop_, milliseconds{100});
  EXPECT_EQ(rings_.size(), 1U);
}

}  // namespace
}  // namespace pollux::control
