#include "ptp/phc/counter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#include "ptp/phc/system_clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace pollux::phc {

clock::Counter read_counter() noexcept {
#if defined(__x86_64__)
  _mm_lfence();
  const auto ticks = __rdtsc();
  _mm_lfence();
  return {ticks};
#elif defined(__aarch64__)
  std::uint64_t ticks = 0;
  asm volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(ticks)::"memory");
  return {ticks};
#else
#error "no counter known for this architecture"
#endif
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
