#include "control/cli/format.h"

#include <gtest/gtest.h>

#include <limits>

namespace pollux::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Format, Thousands) {
  EXPECT_EQ(thousands(0), "0");
  EXPECT_EQ(thousands(999), "999");
  EXPECT_EQ(thousands(1000), "1,000");
  EXPECT_EQ(thousands(1234567), "1,234,567");
  EXPECT_EQ(thousands(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Format, Rounded) {
  EXPECT_EQ(rounded(0), "0.0");
  EXPECT_EQ(rounded(9.94), "9.9");
  EXPECT_EQ(rounded(9.96), "10");
  EXPECT_EQ(rounded(1234.56), "1,235");
  EXPECT_EQ(rounded(-1234.56), "-1,235");
  EXPECT_EQ(rounded(kInfinity), "-");
  EXPECT_EQ(rounded(1e300), "-");
}

TEST(Format, Seconds) {
  EXPECT_EQ(seconds_text(0), "0 s");
  EXPECT_EQ(seconds_text(1e-12), "0.001 ns");
  EXPECT_EQ(seconds_text(1e-9), "1.000 ns");
  EXPECT_EQ(seconds_text(-1.5e-6), "-1.500 us");
  EXPECT_EQ(seconds_text(0.00123), "1.230 ms");
  EXPECT_EQ(seconds_text(0.99999999), "1.000 s");
  EXPECT_EQ(seconds_text(12), "12.000 s");
  EXPECT_EQ(seconds_text(kInfinity), "-");
}

TEST(Format, Duration) {
  EXPECT_EQ(duration_text(0.4), "0 s");
  EXPECT_EQ(duration_text(59.9), "59 s");
  EXPECT_EQ(duration_text(60), "1 min");
  EXPECT_EQ(duration_text(3600), "1 h 0 min");
  EXPECT_EQ(duration_text(93784), "1 d 2 h 3 min");
  EXPECT_EQ(duration_text(-1), "-");
  EXPECT_EQ(duration_text(kInfinity), "-");
}

TEST(Format, Bytes) {
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.00 kB");
  EXPECT_EQ(bytes_text(1234567), "1.23 MB");
  EXPECT_EQ(bytes_text(999999), "1.00 MB");
  EXPECT_EQ(bytes_text(UINT64_MAX), "18.45 EB");
}

TEST(Format, LinkSpeed) {
  EXPECT_EQ(link_speed_text(0), "");
  EXPECT_EQ(link_speed_text(0xffffffff), "");
  EXPECT_EQ(link_speed_text(100), "100 Mb/s");
  EXPECT_EQ(link_speed_text(2500), "2.5 Gb/s");
  EXPECT_EQ(link_speed_text(100000), "100 Gb/s");
}

TEST(Format, Percent) {
  EXPECT_EQ(percent_text(0.0312), "3.1 %");
  EXPECT_EQ(percent_text(kInfinity), "-");
}

TEST(Format, TableAligns) {
  Table table({{"Name"}, {"Count", Align::kRight}, {"Note"}});
  table.add({"a", "1", ""});
  table.add({"longer", "1,000", "x"});
  EXPECT_EQ(table.text(),
            "Name    Count  Note\n"
            "a           1\n"
            "longer  1,000  x\n");
}

}  // namespace
}  // namespace pollux::cli
