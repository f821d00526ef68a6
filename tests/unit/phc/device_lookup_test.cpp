#include "ptp/phc/device_lookup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/fake_phc_kernel.h"
#include "tests/support/phc_tree.h"

namespace pollux::phc {
namespace {

using test::PhcTree;

class LookupTest : public testing::Test {
 protected:
  void SetUp() override {
    tree.add(0, "mlx5_ptp", "pci0000:00/0000:00:03.0", PhcTree::kDevices[0]);
    tree.add(10, "ena-ptp-05", "pci0000:00/0000:00:05.0", PhcTree::kDevices[1]);
    tree.add(2, "KVM virtual PTP", "", PhcTree::kDevices[2]);
  }
  std::expected<PhcIdentity, std::string> find(std::string_view written) {
    return find_phc(written, kernel, tree.roots());
  }
  std::string dev(std::string_view name) const { return tree.roots().dev / name; }
  // The index that is found, or -1 with the sentence of the error.
  int index_of(std::string_view written) {
    const auto found = find(written);
    error = found ? "" : found.error();
    return found ? found->index : -1;
  }

  PhcTree tree;
  test::FakePhcKernel kernel;
  std::string error;
};

TEST_F(LookupTest, ByPath) {
  const auto found = find(dev("ptp0"));
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->index, 0);
  EXPECT_EQ(found->device, dev("ptp0"));
  EXPECT_EQ(found->written, dev("ptp0"));
  EXPECT_EQ(found->clock_name, "mlx5_ptp");
  EXPECT_EQ(found->sysfs, tree.roots().sys / "class/ptp/ptp0");
  EXPECT_EQ(found->parent, tree.roots().sys / "devices/pci0000:00/0000:00:03.0");
}

TEST_F(LookupTest, ByLinkToAPath) {
  std::filesystem::create_symlink("ptp10", tree.roots().dev / "ptp_ena");
  const auto found = find(dev("ptp_ena"));
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->index, 10);
  EXPECT_EQ(found->clock_name, "ena-ptp-05");
}

TEST_F(LookupTest, ClockWithoutAParent) {
  const auto found = find("KVM virtual PTP");
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->index, 2);
  EXPECT_TRUE(found->parent.empty());
}

TEST_F(LookupTest, PathThatIsNoClock) {
  EXPECT_EQ(index_of(dev("ptp7")), -1);
  EXPECT_EQ(error, dev("ptp7") + " is not a character device");
  PhcTree::write(tree.roots().dev / "file", "no device");
  EXPECT_EQ(index_of(dev("file")), -1);
  EXPECT_EQ(error, dev("file") + " is not a character device");
  std::filesystem::create_symlink("file", tree.roots().dev / "link");
  EXPECT_EQ(index_of(dev("link")), -1);
  EXPECT_EQ(index_of(tree.roots().dev.string() + "/"), -1);
  EXPECT_EQ(index_of("/dev/tty"), -1);
  EXPECT_EQ(error, "/dev/tty is not a PTP hardware clock");
}

TEST_F(LookupTest, NeverWaitsForAFifo) {
  ASSERT_EQ(mkfifo(dev("fifo").c_str(), 0600), 0);
  EXPECT_EQ(index_of(dev("fifo")), -1);
}

TEST_F(LookupTest, ByInterface) {
  kernel.interface_clocks = {{"eth0", 10}, {"eth1", -1}, {"eth2", 33}};
  EXPECT_EQ(index_of("eth0"), 10);
  EXPECT_EQ(index_of("eth1"), -1);
  EXPECT_EQ(error, "the interface eth1 has no PTP hardware clock");
  EXPECT_EQ(index_of("eth2"), -1);
  EXPECT_EQ(error, "the clock of eth2, ptp33, is not to be seen");
  EXPECT_EQ(index_of("eth3"), -1);
  EXPECT_EQ(error, "no PTP hardware clock and no interface is called eth3");
}

TEST_F(LookupTest, ByClockName) {
  EXPECT_EQ(index_of("mlx5_ptp"), 0);
  EXPECT_EQ(index_of("mlx5"), -1) << "a part of a name is none";
  tree.add(3, "mlx5_ptp", "pci0000:00/0000:00:03.1", PhcTree::kDevices[2]);
  EXPECT_EQ(index_of("mlx5_ptp"), -1);
  EXPECT_EQ(error,
            "several PTP hardware clocks are called mlx5_ptp: name the device or the interface");
}

TEST_F(LookupTest, ByPatternTheLowestNumber) {
  EXPECT_EQ(index_of("ena-ptp-*"), 10);
  tree.add(9, "ena-ptp-06", "pci0000:00/0000:00:06.0", PhcTree::kDevices[0]);
  EXPECT_EQ(index_of("ena-ptp-*"), 9);
  EXPECT_EQ(index_of("*"), 0);
  EXPECT_EQ(index_of("ice-*"), -1);
  EXPECT_EQ(error, "no PTP hardware clock has a name like ice-*");
}

TEST_F(LookupTest, DeviceFileMustBeTheOneOfSysfs) {
  std::filesystem::remove(tree.roots().dev / "ptp10");
  EXPECT_EQ(index_of("ena-ptp-*"), -1);
  std::filesystem::create_symlink("/dev/full", tree.roots().dev / "ptp10");
  EXPECT_EQ(index_of("ena-ptp-*"), -1);
  EXPECT_EQ(error, dev("ptp10") + " is not the device of the clock ptp10");
}

TEST_F(LookupTest, StrangeEntriesOfSysfsAreLeftOut) {
  for (const auto* name : {"ptp", "ptpx", "ptp-1", "ptp1x", "ptp99999999999999999999", "clock0"}) {
    PhcTree::write(tree.roots().sys / "class/ptp" / name / "dev", "1:3\n");
    PhcTree::write(tree.roots().sys / "class/ptp" / name / "clock_name", "strange\n");
  }
  EXPECT_EQ(index_of("strange"), -1);
  EXPECT_EQ(index_of(dev("ptp0")), 0);
}

TEST_F(LookupTest, NameIsMadePrintable) {
  PhcTree::write(tree.roots().sys / "class/ptp/ptp0/clock_name", "a\x1b[31m\xff\n");
  const auto found = find(dev("ptp0"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->clock_name, "a?[31m?");
}

TEST_F(LookupTest, EmptyAndBrokenNames) {
  EXPECT_EQ(index_of(""), -1);
  using namespace std::string_literals;
  EXPECT_EQ(index_of(dev("ptp0") + "\0x"s), -1) << "C would see another name";
  const PhcTree empty;
  EXPECT_FALSE(find_phc("mlx5_ptp", kernel, empty.roots()));
}

// --- after it was unplugged ---

TEST_F(LookupTest, AgainByItsParent) {
  const auto lost = find(dev("ptp0"));
  ASSERT_TRUE(lost);
  tree.remove(0);
  EXPECT_FALSE(find_phc_again(*lost, kernel, tree.roots()));
  tree.add(4, "mlx5_ptp", "pci0000:00/0000:00:03.1", PhcTree::kDevices[0]);  // the other port
  EXPECT_FALSE(find_phc_again(*lost, kernel, tree.roots()));
  tree.add(5, "renamed", "pci0000:00/0000:00:03.0", PhcTree::kDevices[1]);
  const auto again = find_phc_again(*lost, kernel, tree.roots());
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->index, 5);
  tree.add(6, "mlx5_ptp", "pci0000:00/0000:00:03.0", PhcTree::kDevices[2]);
  EXPECT_EQ(find_phc_again(*lost, kernel, tree.roots())->index, 6) << "the name tells them apart";
}

TEST_F(LookupTest, AgainByNameWithoutAParent) {
  const auto lost = find(dev("ptp2"));
  ASSERT_TRUE(lost);
  tree.remove(2);
  tree.add(7, "another", "", PhcTree::kDevices[2]);
  EXPECT_FALSE(find_phc_again(*lost, kernel, tree.roots()));
  tree.add(8, "KVM virtual PTP", "", PhcTree::kDevices[2]);
  EXPECT_EQ(find_phc_again(*lost, kernel, tree.roots())->index, 8);
  tree.add(9, "KVM virtual PTP", "", PhcTree::kDevices[2]);
  EXPECT_FALSE(find_phc_again(*lost, kernel, tree.roots())) << "two of that name";
}

TEST_F(LookupTest, AgainByWhatWasWritten) {
  const auto lost = find("ena-ptp-*");
  ASSERT_TRUE(lost);
  tree.remove(10);
  tree.add(11, "ena-ptp-07", "pci0000:00/0000:00:07.0", PhcTree::kDevices[1]);
  const auto again = find_phc_again(*lost, kernel, tree.roots());
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->index, 11);
  EXPECT_EQ(again->written, "ena-ptp-*");
}

}  // namespace
}  // namespace pollux::phc
