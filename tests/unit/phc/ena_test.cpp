// Written from the documentation of the drivers: no such device has been seen.
#include "ptp/phc/ena.h"

#include <gtest/gtest.h>

#include "tests/support/fake_phc_kernel.h"
#include "tests/support/phc_tree.h"

namespace pollux::phc {
namespace {

using std::chrono::nanoseconds;

class EnaTest : public testing::Test {
 protected:
  void SetUp() override {
    tree.add(0, "ena-ptp-05", "pci0000:00/0000:00:05.0", test::PhcTree::kDevices[0]);
    const auto found = find_phc("ena-ptp-*", kernel, tree.roots());
    ASSERT_TRUE(found) << found.error();
    ena = *found;
  }
  std::expected<nanoseconds, EnaBoundError> bound_of(std::string_view text) {
    test::PhcTree::write(ena.parent / "phc_error_bound", text);
    return read_ena_error_bound(ena);
  }
  std::optional<EnaCounters> counters() { return read_ena_counters(ena, kernel, tree.roots()); }

  test::PhcTree tree;
  test::FakePhcKernel kernel;
  PhcIdentity ena;
};

TEST_F(EnaTest, KnownByItsClockName) {
  EXPECT_TRUE(is_ena(ena));
  EXPECT_FALSE(is_ena({.clock_name = "mlx5_ptp"}));
  EXPECT_FALSE(is_ena({.clock_name = "my-ena-ptp-05"}));
}

TEST_F(EnaTest, ErrorBound) {
  EXPECT_EQ(bound_of("21034\n"), nanoseconds{21'034});
  EXPECT_EQ(bound_of("4294967294\n"), nanoseconds{4'294'967'294});
}

TEST_F(EnaTest, DriverWithoutErrorBound) {
  EXPECT_EQ(read_ena_error_bound(ena).error(), EnaBoundError::kAbsent);
  ena.parent.clear();
  EXPECT_EQ(read_ena_error_bound(ena).error(), EnaBoundError::kAbsent);
}

TEST_F(EnaTest, ErrorBoundThatIsNone) {
  for (const auto* text : {"", "\n", "0\n", "-1\n", "4294967295\n", "4294967296\n",
                           "99999999999999999999999\n", "20000 ns\n", "0x10\n", "1e3\n"}) {
    const auto bound = bound_of(text);
    ASSERT_FALSE(bound) << text;
    EXPECT_EQ(bound.error(), EnaBoundError::kInvalid) << text;
  }
  std::filesystem::remove(ena.parent / "phc_error_bound");
  std::filesystem::create_directory(ena.parent / "phc_error_bound");  // read fails
  EXPECT_EQ(read_ena_error_bound(ena).error(), EnaBoundError::kInvalid);
}

TEST_F(EnaTest, CountersOfTheKernelsDriver) {
  test::PhcTree::write(tree.roots().sys / "kernel/debug/0000:00:05.0/phc_stats",
                       "phc_cnt: 1234\nphc_exp: 2\nphc_skp: 3\nphc_err_dv: 4\nphc_err_ts: 5\n");
  const auto read = counters();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->retrieved, 1234U);
  EXPECT_EQ(read->expired, 2U);
  EXPECT_EQ(read->skipped, 3U);
  EXPECT_EQ(read->device_errors, 4U);
  EXPECT_EQ(read->timestamp_errors, 5U);
  EXPECT_EQ(read->errors, 0U);
}

TEST_F(EnaTest, CountersOfAmazonsDriver) {
  std::filesystem::create_directories(ena.parent / "net/ens5");
  kernel.counters_of_interface["ens5"] = {
      {"tx_timeout", 7}, {"phc_cnt", 99}, {"phc_cnt_total", 8}, {"phc_skp", 1}, {"phc_err", 6}};
  const auto read = counters();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->retrieved, 99U);
  EXPECT_EQ(read->skipped, 1U);
  EXPECT_EQ(read->errors, 6U);
}

TEST_F(EnaTest, NoCounters) {
  EXPECT_FALSE(counters());
  std::filesystem::create_directories(ena.parent / "net/ens5");
  EXPECT_FALSE(counters());
  kernel.counters_of_interface["ens5"] = {{"tx_timeout", 7}};
  EXPECT_FALSE(counters());
  test::PhcTree::write(tree.roots().sys / "kernel/debug/0000:00:05.0/phc_stats",
                       "phc_cnt: -1\nphc_cnt:3\nphc_cnt\n: 4\nphc_other: 5\n\n");
  EXPECT_FALSE(counters());
}

}  // namespace
}  // namespace pollux::phc
