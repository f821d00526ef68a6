#include "ptp/phc/counter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <ctime>
#include <string_view>
#include <thread>

#include "ptp/phc/small_file.h"
#include "ptp/phc/system_clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace pollux::phc {

namespace {

constexpr double kNanosecondsASecond = 1e9;

// Written once at start; relaxed, because threads are started after that.
std::atomic<CounterSource> chosen_source{CounterSource::kTsc};

clock::Counter read_raw_clock() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return {static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
          static_cast<std::uint64_t>(now.tv_nsec)};
}

// The words of the first "flags" line; all CPUs of one machine have the same.
bool has_flag(std::string_view cpuinfo, std::string_view flag) {
  const auto start = cpuinfo.find("\nflags");
  if (start == std::string_view::npos) return false;
  cpuinfo.remove_prefix(start + 1);
  cpuinfo = cpuinfo.substr(0, cpuinfo.find('\n'));
  while (!cpuinfo.empty()) {
    const auto word = cpuinfo.substr(0, cpuinfo.find_first_of(" \t"));
    if (word == flag) return true;
    cpuinfo.remove_prefix(std::min(cpuinfo.size(), word.size() + 1));
  }
  return false;
}

}  // namespace

void choose_counter_source(CounterSource source) noexcept {
  chosen_source.store(source, std::memory_order_relaxed);
}

CounterSource counter_source() noexcept { return chosen_source.load(std::memory_order_relaxed); }

// The choice is looked at while the counter is read, not before: a fence waits for every load that
// comes first.
clock::Counter read_counter() noexcept {
#if defined(__x86_64__)
  _mm_lfence();
  const auto source = counter_source();
  const std::uint64_t ticks = __rdtsc();
  _mm_lfence();
#elif defined(__aarch64__)
  const auto source = counter_source();
  std::uint64_t ticks = 0;
  asm volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(ticks)::"memory");
#else
#error "no counter known for this architecture"
#endif
  if (source == CounterSource::kTsc) [[likely]]
    return {ticks};
  return read_raw_clock();
}

std::string CounterFacts::fault() const {
#if defined(__x86_64__)
  if (!invariant) return "the CPU does not call its TSC invariant";
  if (!constant || !nonstop)
    return "the kernel finds the TSC not constant, or stopped by deep sleep";
  // The kernel moves to one of these when it has seen the TSC go wrong.
  constexpr std::array<std::string_view, 4> kDistrust{"hpet", "acpi_pm", "refined-jiffies",
                                                      "jiffies"};
  if (std::ranges::find(kDistrust, kernel_clock) != kDistrust.end())
    return "the kernel keeps time by " + kernel_clock + " instead of the TSC";
#endif
  return {};
}

CounterFacts read_counter_facts(const std::filesystem::path& root) {
  const auto cpuinfo = read_small_file(root / "proc/cpuinfo").value_or("");
  const auto clock = root / "sys/devices/system/clocksource/clocksource0/current_clocksource";
  return {.invariant = counter_is_invariant(),
          .constant = has_flag(cpuinfo, "constant_tsc"),
          .nonstop = has_flag(cpuinfo, "nonstop_tsc"),
          .kernel_clock = read_small_file(clock).value_or("")};
}

bool counter_is_invariant() noexcept {
#if defined(__x86_64__)
  constexpr unsigned kAdvancedPowerManagement = 0x8000'0007;
  constexpr unsigned kInvariantTsc = 1U << 8U;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(kAdvancedPowerManagement, &a, &b, &c, &d) != 0 && (d & kInvariantTsc) != 0;
#else
  return true;  // the ARMv8 generic timer is invariant by definition
#endif
}

double measure_counter_hertz(std::chrono::milliseconds length) noexcept {
  if (counter_source() == CounterSource::kMonotonicRaw) return kNanosecondsASecond;
  const auto start = read_kernel_clock(CLOCK_MONOTONIC_RAW);
  std::this_thread::sleep_for(length);
  const auto end = read_kernel_clock(CLOCK_MONOTONIC_RAW);
  const auto seconds = std::chrono::duration<double>(end.time - start.time).count();
  return static_cast<double>(end.counter - start.counter) / seconds;
}

std::int8_t measure_precision(double counter_hertz) noexcept {
  constexpr int kBest = -26;
  std::array<std::int64_t, 101> costs{};
  for (auto& cost : costs) {
    const auto before = read_counter();
    cost = read_counter() - before;
  }
  std::ranges::nth_element(costs, costs.begin() + costs.size() / 2);
  const double seconds =
      static_cast<double>(std::max<std::int64_t>(costs[costs.size() / 2], 1)) / counter_hertz;
  return static_cast<std::int8_t>(std::max(kBest, static_cast<int>(std::ceil(std::log2(seconds)))));
}

}  // namespace pollux::phc
