// How accurate the served time is in simulation, as JSON: one object for each case over four
// simulated hours, with --compare the other servos beside it. scripts/bench-clock shows it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/clock_cases.h"

namespace {

using pollux::bench::ClockRun;
using pollux::bench::kClockCases;
using pollux::bench::kRivals;
using pollux::bench::Score;
using Json = nlohmann::ordered_json;

constexpr std::size_t kSeeds = 4;

// To a hundredth: more says nothing about a mean of four runs.
double rounded(double value) { return std::round(value * 100) / 100; }

template <typename Value>
double mean(std::span<const ClockRun> runs, Value value) {
  double sum = 0;
  for (const ClockRun& run : runs) sum += value(run);
  return sum / static_cast<double>(runs.size());
}

template <typename Value>
double largest(std::span<const ClockRun> runs, Value value) {
  double result = 0;
  for (const ClockRun& run : runs) result = std::max(result, value(run));
  return result;
}

std::size_t total(std::span<const ClockRun> runs, std::size_t ClockRun::* member) {
  std::size_t sum = 0;
  for (const ClockRun& run : runs) sum += run.*member;
  return sum;
}

// Means over the seeds; of what is a maximum, the largest. `pick`: the score of a run.
template <typename Pick>
Json describe(std::span<const ClockRun> runs, Pick pick) {
  const auto average = [&](double Score::* member) {
    return rounded(mean(runs, [&](const ClockRun& run) { return pick(run).*member; }));
  };
  const auto worst = [&](double Score::* member) {
    return rounded(largest(runs, [&](const ClockRun& run) { return pick(run).*member; }));
  };
  return {{"rms_ns", average(&Score::rms)},           {"p999_ns", average(&Score::p999)},
          {"max_ns", worst(&Score::largest)},         {"mtie_1s_ns", worst(&Score::mtie_1s)},
          {"mtie_100s_ns", worst(&Score::mtie_100s)}, {"tdev_1s_ns", average(&Score::tdev_1s)},
          {"tdev_10s_ns", average(&Score::tdev_10s)}};
}

Json describe_case(std::span<const ClockRun> runs) {
  Json result = describe(runs, [](const ClockRun& run) { return run.served; });
  result["sigma_ns"] = rounded(mean(runs, [](const ClockRun& run) { return run.sigma; }));
  result["bound_ns"] = rounded(mean(runs, [](const ClockRun& run) { return run.bound; }));
  result["bound_violations"] = total(runs, &ClockRun::violations);
  result["backward_steps"] = total(runs, &ClockRun::backward);
  result["unsynchronised"] = total(runs, &ClockRun::unsynchronised);
  result["lock_s"] = rounded(largest(runs, [](const ClockRun& run) { return run.lock; }));
  result["samples"] = total(runs, &ClockRun::samples);
  return result;
}

Json describe_rivals(std::span<const ClockRun> runs) {
  Json result;
  for (std::size_t i = 0; i < kRivals.size(); ++i)
    result[kRivals[i]] = describe(runs, [i](const ClockRun& run) { return run.rivals[i]; });
  return result;
}

std::vector<ClockRun> run_all(bool compare) {
  std::vector<ClockRun> runs(kClockCases.size() * kSeeds);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < runs.size(); i = next++)
      runs[i] = run_clock_case(kClockCases[i / kSeeds], 1 + i % kSeeds, compare);
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back(work);
  threads.clear();
  return runs;
}

}  // namespace

int main(int count, char** arguments) {
  const bool compare = count == 2 && std::strcmp(arguments[1], "--compare") == 0;
  if (count > 1 && !compare) {
    std::fputs("usage: clock_bench [--compare]\n", stderr);
    return 2;
  }
  const std::vector<ClockRun> runs = run_all(compare);
  Json result;
  Json rivals;
  for (std::size_t i = 0; i < kClockCases.size(); ++i) {
    const std::span of_case{runs.data() + i * kSeeds, kSeeds};
    result[kClockCases[i].name] = describe_case(of_case);
    if (compare) rivals[kClockCases[i].name] = describe_rivals(of_case);
  }
  if (compare) result["compare"] = rivals;
  std::puts(result.dump(1).c_str());
}
