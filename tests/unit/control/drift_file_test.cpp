#include "control/daemon/drift_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <iterator>

#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

constexpr Drift kDrift{.hertz = 2'445'425'837.25, .sigma_ppb = 12.5};
constexpr const char* kText = "pollux drift 1\n2445425837.250000 12.500\n";

// Nothing where there is no file, and where it cannot be read.
std::optional<Drift> drift_in(const std::filesystem::path& file) {
  return read_drift(file).value_or(std::nullopt);
}

std::size_t files_in(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{directory},
                                                std::filesystem::directory_iterator{}));
}

TEST(DriftFile, RoundTrip) {
  EXPECT_EQ(drift_text(kDrift), kText);
  const TemporaryDirectory directory;
  const auto file = directory.path() / "drift";
  ASSERT_TRUE(read_drift(file));
  EXPECT_FALSE(*read_drift(file));
  ASSERT_TRUE(write_drift(file, kDrift));
  EXPECT_EQ(drift_in(file), kDrift);
  ASSERT_TRUE(write_drift(file, {.hertz = 1e9, .sigma_ppb = 0}));
  EXPECT_EQ(drift_in(file), (Drift{.hertz = 1e9, .sigma_ppb = 0}));
  EXPECT_EQ(files_in(directory.path()), 1U);
}

TEST(DriftFile, DamagedTexts) {
  struct Damaged {
    std::string text;
    const char* error;
  };
  const std::string head = "pollux drift 1\n";
  const Damaged all[] = {
      {"", "is no drift file"},
      {"2445425837.25 12.5\n", "is no drift file"},
      {"pollux drift 2\n1e9 1\n", "is no drift file"},
      {head, "line 2 does not begin with the counter's rate in Hz"},
      {head + "nan 1\n", "line 2 does not begin"},
      {head + "inf 1\n", "line 2 does not begin"},
      {head + "1e999 1\n", "line 2 does not begin"},
      {head + "1e13 1\n", "line 2 does not begin"},
      {head + "0 1\n", "line 2 does not begin"},
      {head + "-1e9 1\n", "line 2 does not begin"},
      {head + " 1e9 1\n", "line 2 does not begin"},
      {head + "1e9", "line 2 is not two numbers"},
      {head + "1e9\n", "line 2 is not two numbers"},
      {head + "1e9 \n", "line 2 has no standard deviation in ppb"},
      {head + "1e9 -1\n", "line 2 has no standard deviation"},
      {head + "1e9 nan\n", "line 2 has no standard deviation"},
      {head + "1e9 1e7\n", "line 2 has no standard deviation"},
      {head + "1e9 1", "something stands behind the numbers"},
      {head + "1e9 1\nx", "something stands behind the numbers"},
      {head + "1e9 1\n" + std::string(5000, '\n'), "something stands behind the numbers"},
      {head + std::string(5000, '9'), "line 2 does not begin"},
      {head + std::string("1e9 1\0\n", 7), "something stands behind the numbers"}};
  const TemporaryDirectory directory;
  for (const Damaged& damaged : all) {
    const auto file = directory.write("drift", damaged.text);
    const auto read = read_drift(file);
    ASSERT_FALSE(read) << damaged.text;
    EXPECT_TRUE(read.error().starts_with(file.string() + ": " + damaged.error))
        << damaged.text << " gave " << read.error();
  }
}

TEST(DriftFile, EveryTruncation) {
  const std::string_view whole{kText};
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(parse_drift(whole.substr(0, length))) << length;
  EXPECT_TRUE(parse_drift(whole));
}

TEST(DriftFile, NoRegularFile) {
  const TemporaryDirectory directory;
  const auto pipe = directory.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& path : {pipe, directory.path(), std::filesystem::path{"/dev/null"}}) {
    const auto read = read_drift(path);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), path.string() + ": is no regular file");
  }
}

TEST(DriftFile, OldFileStandsWhereTheNewCannotBeWritten) {
  const TemporaryDirectory directory;
  const auto file = directory.write("drift", kText);
  // Something in the way that cannot be moved out of it.
  directory.write("drift.new/inside", "");
  const auto written = write_drift(file, {.hertz = 1e9, .sigma_ppb = 1});
  ASSERT_FALSE(written);
  EXPECT_TRUE(written.error().starts_with(file.string() + ": ")) << written.error();
  EXPECT_EQ(drift_in(file), kDrift);
}

TEST(DriftFile, NothingIsLeftBehind) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "drift";
  directory.write("drift/inside", "");  // a directory cannot be replaced
  const auto written = write_drift(file, kDrift);
  ASSERT_FALSE(written);
  EXPECT_TRUE(written.error().starts_with(file.string() + ": ")) << written.error();
  EXPECT_EQ(files_in(directory.path()), 1U);
  EXPECT_FALSE(write_drift(directory.path() / "missing/drift", kDrift));
  EXPECT_EQ(files_in(directory.path()), 1U);
}

// Neither followed nor waited for.
TEST(DriftFile, LeftoversAreReplaced) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "drift";
  const auto leftover = directory.path() / "drift.new";
  const auto other = directory.write("other", "precious");
  std::filesystem::create_symlink(other, leftover);
  EXPECT_TRUE(write_drift(file, kDrift));
  EXPECT_EQ(std::filesystem::file_size(other), 8U);
  ASSERT_EQ(mkfifo(leftover.c_str(), 0600), 0);
  EXPECT_TRUE(write_drift(file, kDrift));
  directory.write("drift.new", "of a run that was killed");
  EXPECT_TRUE(write_drift(file, kDrift));
  EXPECT_EQ(drift_in(file), kDrift);
  EXPECT_EQ(files_in(directory.path()), 2U);
}

}  // namespace
}  // namespace pollux::control
