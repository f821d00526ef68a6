#include "ptp/clock/voting.h"

#include <algorithm>
#include <array>

namespace pollux::clock {

namespace {

struct Edge {
  double at = 0;
  int step = 0;  // +1 where an interval begins, -1 where one ends
};

// Intervals that only touch count as overlapping: beginnings come first.
constexpr bool comes_before(const Edge& a, const Edge& b) noexcept {
  return a.at != b.at ? a.at < b.at : a.step > b.step;
}

}  // namespace

std::optional<Interval> majority(std::span<const Interval> intervals) noexcept {
  std::size_t votes = 0;
  std::array<Edge, 2 * kMaximumVotes> edges{};
  for (const Interval& interval : intervals) {
    if (votes == kMaximumVotes) break;
    if (!interval.is_valid()) continue;
    edges[2 * votes] = {.at = interval.low, .step = 1};
    edges[2 * votes + 1] = {.at = interval.high, .step = -1};
    ++votes;
  }
  const auto end = edges.begin() + static_cast<std::ptrdiff_t>(2 * votes);
  std::sort(edges.begin(), end, comes_before);

  int depth = 0;
  int deepest = 0;
  Interval best;
  for (auto edge = edges.begin(); edge != end; ++edge) {
    depth += edge->step;
    if (depth > deepest) {
      deepest = depth;
      best = {.low = edge->at, .high = (edge + 1)->at};
    }
  }
  if (2 * static_cast<std::size_t>(deepest) <= votes) return std::nullopt;
  return best;
}

}  // namespace pollux::clock
