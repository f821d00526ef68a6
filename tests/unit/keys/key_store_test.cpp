#include "control/keys/key_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/keys/key_rings.h"

namespace pollux::control {
namespace {

using std::filesystem::path;

class KeyStore : public testing::Test {
 protected:
  void write(const std::string& text, mode_t mode = 0600) const {
    directory_.write("ntskeys", text);
    chmod(file_.c_str(), mode);
  }
  // What a refusal says behind the path; empty for a good file.
  [[nodiscard]] std::string refusal(const KeyAccess& access = own_access()) const {
    const auto keys = load_keys(file_, access);
    if (keys) return "";
    EXPECT_EQ(keys.error().kind, KeyTrouble::Kind::kRefused);
    const std::string& sentence = keys.error().sentence;
    EXPECT_TRUE(sentence.starts_with(file_.string() + ": ")) << sentence;
    return sentence.substr(std::min(sentence.size(), file_.string().size() + 2));
  }

  TemporaryDirectory directory_;
  path file_ = directory_.path() / "ntskeys";
};

TEST_F(KeyStore, SavedAndLoaded) {
  ASSERT_TRUE(save_keys(file_, {.ring = ring_of(3), .age_seconds = 12.5}, own_access()));
  const auto keys = load_keys(file_, own_access());
  ASSERT_TRUE(keys) << keys.error().sentence;
  EXPECT_EQ(keys->file.ring, ring_of(3));
  EXPECT_EQ(keys->file.age_seconds, 12.5);
  EXPECT_NEAR(keys->age.now().count(), 12.5, 10);
  struct stat status{};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory_.path()}, {}), 1);
}

TEST_F(KeyStore, ModeDoesNotDependOnTheUmask) {
  for (const mode_t mask : {0U, 077U, 0777U}) {
    const mode_t old = umask(mask);
    KeyAccess access = own_access();
    access.group = getegid();
    const auto saved = save_keys(file_, {.ring = ring_of(), .age_seconds = 0}, access);
    umask(old);
    ASSERT_TRUE(saved) << saved.error();
    struct stat status{};
    ASSERT_EQ(stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
    EXPECT_EQ(status.st_gid, getegid());
    EXPECT_EQ(refusal(access), "");
  }
}

TEST_F(KeyStore, MissingIsNoRefusal) {
  const auto keys = load_keys(file_, own_access());
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().kind, KeyTrouble::Kind::kMissing);
  EXPECT_EQ(keys.error().sentence, file_.string() + ": does not exist");
}

TEST_F(KeyStore, OnlyRegularFiles) {
  const auto target = directory_.write("target", key_text(ring_of()));
  chmod(target.c_str(), 0600);
  std::filesystem::create_symlink(target, file_);
  EXPECT_EQ(refusal(), "is a symbolic link");
  std::filesystem::remove(file_);
  std::filesystem::create_symlink("nowhere", file_);
  EXPECT_EQ(refusal(), "is a symbolic link");
  std::filesystem::remove(file_);
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "is no regular file");
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_EQ(refusal(), "is no regular file");
}

TEST_F(KeyStore, Modes) {
  const std::string text = key_text(ring_of());
  KeyAccess shared = own_access();
  shared.group = getegid();
  KeyAccess other = own_access();
  other.group = getegid() + 1;
  for (const mode_t mode : {0600U, 0400U}) {
    write(text, mode);
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(refusal(shared), "");
    EXPECT_EQ(refusal(other), "");
  }
  for (const mode_t mode : {0640U, 0440U}) {
    write(text, mode);
    EXPECT_EQ(refusal(), fmt::format("has mode {:04o}, 0600 is the most that it may have without "
                                     "nts.key_group",
                                     mode));
    EXPECT_EQ(refusal(shared), "");
    EXPECT_EQ(refusal(other),
              fmt::format("may be read by group {}, which is not nts.key_group", getegid()));
  }
  for (const mode_t mode : {0644U, 0660U, 0604U, 0602U, 0601U, 0700U, 0620U, 04600U, 01600U}) {
    write(text, mode);
    EXPECT_EQ(refusal(shared),
              fmt::format("has mode {:04o}, 0640 is the most that it may have", mode));
    EXPECT_NE(refusal(), "");
  }
}

TEST_F(KeyStore, Owners) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t kStranger = 4711;
  constexpr gid_t kGroup = 4712;
  write(key_text(ring_of()), 0640);
  KeyAccess access = own_access();
  ASSERT_EQ(chown(file_.c_str(), kStranger, kGroup), 0);
  chmod(file_.c_str(), 0600);
  EXPECT_EQ(refusal(),
            "belongs to user 4711, who is neither root, nor this program's user, nor ke.user");
  access.group = kGroup + 1;
  EXPECT_NE(refusal(access), "");
  access.group = kGroup;
  EXPECT_EQ(refusal(access), "");
  access.group.reset();
  access.owners.push_back(kStranger);
  EXPECT_EQ(refusal(access), "");
}

TEST_F(KeyStore, DirectoryForAll) {
  write(key_text(ring_of()));
  chmod(directory_.path().c_str(), 0777);
  EXPECT_EQ(refusal(), "anybody may replace it: its directory can be written by all users");
  chmod(directory_.path().c_str(), 01777);
  EXPECT_EQ(refusal(), "");
}

TEST_F(KeyStore, TruncatedAnywhere) {
  const std::string text = key_text(ring_of(), 1234.5);
  write(text);
  EXPECT_EQ(refusal(), "");
  for (std::size_t length = 0; length < text.size(); ++length) {
    write(text.substr(0, length));
    EXPECT_NE(refusal(), "") << length;
  }
  write("");
  EXPECT_EQ(refusal(), "line 1 is missing or has no end");
}

TEST_F(KeyStore, DamagedAnywhere) {
  const std::string text = key_text(ring_of(), 1234.5);
  const std::string key = text.substr(text.size() - 65, 64);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = '\x01';
    write(damaged);
    const std::string reason = refusal();
    EXPECT_TRUE(reason.starts_with("line ")) << at << ": " << reason;
    EXPECT_FALSE(reason.contains(key.substr(0, 8))) << reason;
  }
}

TEST_F(KeyStore, TooLarge) {
  write(key_text(ring_of()) + std::string(1024, '\n'));
  EXPECT_EQ(refusal(), "is larger than 1024 octets");
  write(std::string(1U << 20U, 'x'));
  EXPECT_EQ(refusal(), "is larger than 1024 octets");
}

// A link or a pipe in the place of the temporary file is not written to, a rest is not used.
TEST_F(KeyStore, WhatLiesInTheTemporarysPlace) {
  const auto temporary = directory_.path() / "ntskeys.new";
  const auto victim = directory_.write("victim", "precious");
  const auto save_and_load = [this](unsigned rotations) {
    const nts::KeyFile keys{.ring = ring_of(rotations), .age_seconds = 0};
    const auto saved = save_keys(file_, keys, own_access());
    EXPECT_TRUE(saved) << saved.error();
    const auto loaded = load_keys(file_, own_access());
    return loaded && loaded->file.ring == keys.ring;
  };
  directory_.write("ntskeys.new", key_text(ring_of(9)) + "rest");
  EXPECT_TRUE(save_and_load(1));
  std::filesystem::create_symlink(victim, temporary);
  EXPECT_TRUE(save_and_load(2));
  EXPECT_EQ(text_of(victim), "precious");
  ASSERT_EQ(mkfifo(temporary.c_str(), 0666), 0);
  EXPECT_TRUE(save_and_load(3));
  EXPECT_FALSE(std::filesystem::exists(temporary));
  EXPECT_EQ(refusal(), "");
}

TEST_F(KeyStore, FailedSaveLeavesAllAsItWas) {
  const nts::KeyFile keys{.ring = ring_of(5), .age_seconds = 0};
  ASSERT_TRUE(save_keys(file_, {.ring = ring_of(), .age_seconds = 0}, own_access()));
  std::filesystem::create_directory(directory_.path() / "ntskeys.new");
  const auto blocked = save_keys(file_, keys, own_access());
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error(), file_.string() + ": cannot be written: File exists");
  EXPECT_EQ(load_keys(file_, own_access())->file.ring, ring_of());
  const auto nowhere = save_keys(directory_.path() / "none" / "ntskeys", keys, own_access());
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(
      nowhere.error().ends_with("its directory cannot be opened: No such file or "
                                "directory"))
      << nowhere.error();
  std::filesystem::remove(directory_.path() / "ntskeys.new");
  std::filesystem::create_directory(directory_.path() / "folder");
  EXPECT_FALSE(save_keys(directory_.path() / "folder", keys, own_access()));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "folder.new"));
}

}  // namespace
}  // namespace pollux::control
