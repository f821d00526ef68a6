#include "control/service/text.h"

#include <gtest/gtest.h>

#include <array>

#include "control/service/log.h"

namespace pollux::control {
namespace {

TEST(Text, PrintableDropsControlCharacters) {
  EXPECT_EQ(printable("good \xc3\xa9"), "good \xc3\xa9");
  EXPECT_EQ(printable("a\n<3>forged\x1b[2J"), "a?<3>forged?[2J");
  EXPECT_EQ(printable("\xc2\x9b"), "\xc2?");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Text, Closest) {
  constexpr std::array<std::string_view, 3> kWords = {"port", "symmetric", "dscp"};
  EXPECT_EQ(closest("prot", kWords), "port");
  EXPECT_EQ(closest("simetric", kWords), "symmetric");
  EXPECT_EQ(closest("entirely", kWords), std::nullopt);
  EXPECT_EQ(closest("", kWords), std::nullopt);
  EXPECT_EQ(closest(std::string(10'000, 'p'), kWords), std::nullopt);
}

TEST(Log, Prefixes) {
  EXPECT_EQ(log_prefix(LogLevel::kError, true), "<3>");
  EXPECT_EQ(log_prefix(LogLevel::kDebug, true), "<7>");
  EXPECT_EQ(log_prefix(LogLevel::kWarning, false), "warning: ");
}

TEST(Log, LinesAndLevels) {
  testing::internal::CaptureStderr();
  log_debug("not {}", "seen");
  log_info("one\ntwo");
  set_log_level(LogLevel::kError);
  log_warning("not seen");
  log_error("three {}", 3);
  set_log_level(LogLevel::kInfo);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "info: one?two\nerror: three 3\n");
}

TEST(Log, LimitLetsOnePassPerInterval) {
  LogLimit limit(std::chrono::seconds(10));
  const auto start = LogLimit::Clock::now();
  EXPECT_TRUE(limit.pass(start));
  EXPECT_FALSE(limit.pass(start + std::chrono::seconds(9)));
  EXPECT_TRUE(limit.pass(start + std::chrono::seconds(10)));
}

}  // namespace
}  // namespace pollux::control
