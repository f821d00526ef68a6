#include "control/daemon/residence_document.h"

#include <cmath>
#include <numeric>

namespace pollux::control {

namespace {

using nlohmann::json;

// The end, in ticks, of the step that the request of this rank is in.
std::uint64_t end_of(const port::ResidenceCounts& counts, std::uint64_t rank) {
  std::uint64_t sum = 0;
  std::size_t step = 0;
  while (step + 1 < counts.size() && (sum += counts[step]) < rank) ++step;
  return port::residence_floor(step + 1);
}

}  // namespace

json residence_document(const port::ResidenceCounts& counts, double counter_hertz) {
  const auto total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  json steps = json::array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) steps.push_back({port::residence_floor(i), counts[i]});
  }
  const auto quantile = [&](double share) -> json {
    if (total == 0 || counter_hertz <= 0) return nullptr;
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
    return static_cast<double>(end_of(counts, rank)) / counter_hertz;
  };
  return {{"replies", total},
          {"p50_s", quantile(0.5)},
          {"p90_s", quantile(0.9)},
          {"p99_s", quantile(0.99)},
          {"p999_s", quantile(0.999)},
          {"max_s", quantile(1)},
          {"steps_ticks", std::move(steps)}};
}

}  // namespace pollux::control
