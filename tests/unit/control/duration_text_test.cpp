#include "control/config/duration_text.h"

#include <gtest/gtest.h>

namespace pollux::control {
namespace {

using std::chrono::seconds;

TEST(DurationText, Good) {
  EXPECT_EQ(parse_duration("1s"), seconds{1});
  EXPECT_EQ(parse_duration("15m"), seconds{900});
  EXPECT_EQ(parse_duration("36h"), seconds{129'600});
  EXPECT_EQ(parse_duration("7d"), seconds{604'800});
  EXPECT_EQ(parse_duration("0s"), seconds{0});
  EXPECT_EQ(parse_duration("10000d"), seconds{864'000'000});
}

TEST(DurationText, Bad) {
  for (const char* text : {"", "7", "d", "7w", "7D", "7dd", "7 d", " 7d", "7d ", "-7d", "+7d",
                           "1.5h", "0x7d", "10001d", "4294967296s", "1h30m", "never"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(DurationText, Written) {
  for (const char* text : {"1s", "90s", "15m", "36h", "7d", "0s"}) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(duration_text(*duration), text);
  }
  EXPECT_EQ(duration_text(seconds{120}), "2m");
}

}  // namespace
}  // namespace pollux::control
