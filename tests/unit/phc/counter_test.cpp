#include "ptp/phc/counter.h"

#include <gtest/gtest.h>

#include "ptp/phc/system_clock.h"
#include "tests/support/phc_tree.h"

namespace pollux::phc {
namespace {

constexpr CounterFacts kGood{.invariant = true, .constant = true, .nonstop = true};

// Every test leaves the process with the counter that it found.
class CounterTest : public testing::Test {
 protected:
  void TearDown() override { choose_counter_source(before); }
  CounterSource before = counter_source();
};

TEST_F(CounterTest, IsTheCpusUntilChosenOtherwise) { EXPECT_EQ(before, CounterSource::kTsc); }

TEST_F(CounterTest, RawClockCountsNanoseconds) {
  choose_counter_source(CounterSource::kMonotonicRaw);
  EXPECT_EQ(counter_source(), CounterSource::kMonotonicRaw);
  EXPECT_EQ(measure_counter_hertz(std::chrono::milliseconds{1}), 1e9);
  timespec now{};
  const auto earlier = read_counter();
  ASSERT_EQ(clock_gettime(CLOCK_MONOTONIC_RAW, &now), 0);
  const auto later = read_counter();
  const auto between = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                       static_cast<std::uint64_t>(now.tv_nsec);
  EXPECT_LE(earlier.ticks, between);
  EXPECT_LE(between, later.ticks);
}

TEST_F(CounterTest, ReadingsOfTheRawClockAgainstItself) {
  choose_counter_source(CounterSource::kMonotonicRaw);
  for (int i = 0; i < 1000; ++i) {
    const auto reading = read_kernel_clock(CLOCK_MONOTONIC_RAW, 3);
    const auto counted = std::chrono::nanoseconds{reading.counter.ticks};
    EXPECT_LE(std::abs((reading.time - counted).count()), reading.window_ticks / 2 + 1);
  }
}

TEST_F(CounterTest, NeverGoesBack) {
  for (const auto source : {CounterSource::kTsc, CounterSource::kMonotonicRaw}) {
    choose_counter_source(source);
    auto last = read_counter();
    for (int i = 0; i < 100'000; ++i) {
      const auto now = read_counter();
      ASSERT_GE(now - last, 0);
      last = now;
    }
  }
}

#if defined(__x86_64__)
TEST(CounterFacts, EveryFactCounts) {
  EXPECT_EQ(kGood.fault(), "");
  CounterFacts facts = kGood;
  facts.invariant = false;
  EXPECT_EQ(facts.fault(), "the CPU does not call its TSC invariant");
  facts = kGood;
  facts.constant = false;
  EXPECT_NE(facts.fault(), "");
  facts = kGood;
  facts.nonstop = false;
  EXPECT_NE(facts.fault(), "");
}

TEST(CounterFacts, KernelThatLeftTheTsc) {
  CounterFacts facts = kGood;
  for (const auto* clock : {"hpet", "acpi_pm", "jiffies", "refined-jiffies"}) {
    facts.kernel_clock = clock;
    EXPECT_EQ(facts.fault(),
              "the kernel keeps time by " + std::string{clock} + " instead of the TSC");
  }
  // Clocks of virtual machines are made from the TSC.
  for (const auto* clock : {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen", ""}) {
    facts.kernel_clock = clock;
    EXPECT_EQ(facts.fault(), "") << clock;
  }
}
#endif

TEST(CounterFacts, AreReadFromTheKernel) {
  const test::PhcTree tree;
  test::PhcTree::write(tree.root() / "proc/cpuinfo",
                       "processor\t: 0\nmodel name\t: nonstop_tsc\n"
                       "flags\t\t: fpu tsc constant_tsc pni\n\nprocessor\t: 1\n");
  test::PhcTree::write(
      tree.root() / "sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
  auto facts = read_counter_facts(tree.root());
  EXPECT_TRUE(facts.constant);
  EXPECT_FALSE(facts.nonstop);
  EXPECT_EQ(facts.kernel_clock, "hpet");

  test::PhcTree::write(tree.root() / "proc/cpuinfo",
                       "processor\t: 0\nflags\t\t: xconstant_tsc constant_tscx nonstop_tsc");
  facts = read_counter_facts(tree.root());
  EXPECT_FALSE(facts.constant);
  EXPECT_TRUE(facts.nonstop);
}

TEST(CounterFacts, NothingKnownIsNothingGood) {
  const test::PhcTree tree;
  const auto facts = read_counter_facts(tree.root());
  EXPECT_FALSE(facts.constant);
  EXPECT_FALSE(facts.nonstop);
  EXPECT_EQ(facts.kernel_clock, "");
}

TEST(CounterFacts, OfThisMachineFitItsCpu) {
  EXPECT_EQ(read_counter_facts().invariant, counter_is_invariant());
}

}  // namespace
}  // namespace pollux::phc
