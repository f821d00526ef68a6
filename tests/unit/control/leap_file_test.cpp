#include "control/daemon/leap_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

constexpr const char* kTable = "#@\t3991593600\n2272060800\t10\n2287785600\t11\n";

class LeapFileTest : public testing::Test {
 protected:
  // A file whose time is another than before, whatever the file system's resolution.
  void write(std::string_view text) {
    directory.write("leap", text);
    touch();
  }
  void touch() {
    time_ += std::chrono::seconds{2};
    std::filesystem::last_write_time(path, time_);
  }
  std::string error() {
    const auto read = file.read_if_changed();
    return read ? "none" : read.error();
  }
  bool is_unchanged() {
    const auto read = file.read_if_changed();
    return read && !*read;
  }
  bool is_new() {
    const auto read = file.read_if_changed();
    return read && *read;
  }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "leap";
  LeapFile file{path};

 private:
  std::filesystem::file_time_type time_ = std::filesystem::file_time_type::clock::now();
};

TEST_F(LeapFileTest, ReadOnceForEachChange) {
  write(kTable);
  EXPECT_TRUE(is_new());
  EXPECT_TRUE(is_unchanged());
  touch();
  EXPECT_TRUE(is_new());
  EXPECT_TRUE(is_unchanged());
}

TEST_F(LeapFileTest, VanishedIsToldOnce) {
  const std::string missing = path.string() + ": No such file or directory";
  EXPECT_EQ(error(), missing);
  EXPECT_TRUE(is_unchanged());
  write(kTable);
  EXPECT_TRUE(is_new());
  std::filesystem::remove(path);
  EXPECT_EQ(error(), missing);
  EXPECT_TRUE(is_unchanged());
  write(kTable);
  EXPECT_TRUE(is_new());
}

TEST_F(LeapFileTest, DamagedNamesTheLine) {
  const std::string name = path.string();
  write("#@\t3991593600\n2272060800\t10\nrubbish\n");
  EXPECT_EQ(error(), name + ":3: is no entry of a leap second table");
  EXPECT_TRUE(is_unchanged());
  write("#@\t3991593600\n2272060800\t10\n2287785600\t15\n");
  EXPECT_EQ(error(), name + ":3: does not follow the entry before it by a second of TAI - UTC");
  write("2272060800\t10\n");
  EXPECT_TRUE(error().ends_with("ends a table without entries or without its date of expiry (#@)"));
  write("");
  EXPECT_NE(error(), "none");
  write(kTable);
  EXPECT_TRUE(is_new());
}

TEST_F(LeapFileTest, LargerThanAMebibyte) {
  constexpr std::size_t kMebibyte = 1U << 20U;
  std::string text = kTable;
  text.append(kMebibyte - text.size() - 1, '#').append("\n");
  write(text);
  EXPECT_TRUE(is_new());
  write(text + '\n');
  EXPECT_EQ(error(), path.string() + ": is larger than 1 MiB");
}

TEST_F(LeapFileTest, NoRegularFile) {
  std::filesystem::create_directory(path);
  EXPECT_EQ(error(), path.string() + ": is no regular file");
  EXPECT_TRUE(is_unchanged());
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  touch();
  EXPECT_EQ(error(), path.string() + ": is no regular file");
}

}  // namespace
}  // namespace pollux::control
