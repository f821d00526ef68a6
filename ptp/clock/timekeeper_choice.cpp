// Which source is served. The rest of the timekeeper is in timekeeper.cpp.
#include <algorithm>
#include <cmath>

#include "ptp/clock/timekeeper.h"

namespace pollux::clock {

namespace {

// The system clock is kept, once served, until another bound is smaller by this factor.
constexpr double kLoyalty = 2;

}  // namespace

double Timekeeper::Doubt::size() const noexcept { return std::abs(sum) + spread; }

Timekeeper::Doubt Timekeeper::Doubt::limited_to(double largest) const noexcept {
  if (size() <= largest) return *this;
  const double least = std::min(std::abs(sum), largest);
  return {.sum = std::copysign(least, sum), .spread = largest - least};
}

bool Timekeeper::system_is_good() const noexcept {
  if (!system_) return false;
  // The program that keeps it knows better than the kernel, which forgets only after a day.
  const bool is_good = system_->kernel.synchronised && (!upstream_ || kept() != nullptr);
  return is_good || settings_.trust_system;
}

bool Timekeeper::follows(std::size_t source) const noexcept {
  return report_.state == ClockState::kLocked && report_.reference == source;
}

// What the majority says of true time, ns from `own`. On a hardware clock that is a candidate, the
// others vote as well.
std::optional<Interval> Timekeeper::voters(const Estimate& own,
                                           std::optional<std::size_t> candidate,
                                           Counter now) const noexcept {
  std::array<Interval, kMaximumVotes> intervals{};
  std::size_t count = 0;
  const Source& system = sources_[system_index()];
  if (system.is_usable(now)) {
    const double system_ahead = ahead(system.at(now), own);
    for (std::size_t i = 0; i < vote_count_; ++i)
      intervals[count++] = votes_[i].shifted(system_ahead);
    // The system clock is what those voters make of it, or a follower of the candidate.
    const bool votes_itself =
        vote_count_ == 0 && system_is_good() && !(upstream_ && upstream_->follows_phc);
    if (votes_itself) {
      const double bound = system.bound(now);
      intervals[count++] = {.low = system_ahead - bound, .high = system_ahead + bound};
    }
  }
  for (std::size_t i = 0; candidate && i < system_index() && count < kMaximumVotes; ++i) {
    if (i == *candidate || !sources_[i].is_usable(now)) continue;
    // One that jumped itself is no witness.
    const double doubt = doubt_of(i, now).size();
    if (doubt > kVotersReach) continue;
    const double difference = ahead(sources_[i].at(now), own);
    const double bound = sources_[i].bound(now) + doubt;
    intervals[count++] = {.low = difference - bound, .high = difference + bound};
  }
  if (count == 0) return std::nullopt;
  const auto agreed = majority({intervals.data(), count});
  // Voters that do not know the time better than that confirm nobody.
  if (agreed && agreed->high - agreed->low > 2 * kLargestBound) return std::nullopt;
  // Voters without a majority contradict each other: nobody is confirmed by them.
  return agreed.value_or(Interval{.low = INFINITY, .high = INFINITY});
}

// Gives how far the candidate may be off by what the voters say, ns, where they agree with it.
std::optional<double> Timekeeper::judge(std::size_t candidate, Counter now) noexcept {
  opinions_[candidate] = Opinion::kNone;
  if (!sources_[candidate].is_usable(now)) {
    confirmed_[candidate] = false;
    return std::nullopt;
  }
  const auto truth = voters(sources_[candidate].at(now), candidate, now);
  if (!truth) return std::nullopt;
  const double reach = std::max(kVotersReach, sources_[candidate].bound(now));
  const bool agreed = truth->overlaps({.low = -reach, .high = reach});
  opinions_[candidate] = agreed ? Opinion::kAgreed : Opinion::kDisputed;
  confirmed_[candidate] = agreed;
  if (!agreed) return std::nullopt;
  // They bound what an unconfirmed step may have done.
  const double largest = std::max(std::abs(truth->low), std::abs(truth->high));
  if (follows(candidate)) doubt_ = doubt_.limited_to(largest);
  return largest;
}

// What remains unexplained when the candidate takes over from the line on which time was served.
Timekeeper::Doubt Timekeeper::doubt_of(std::size_t candidate, Counter now) const noexcept {
  if (!line_ || follows(candidate)) return doubt_;
  const double age = line_->age(now, settings_.nominal_hertz);
  const double difference = ahead(sources_[candidate].at(now), line_->after(age));
  const double line_bound = line_->bound_after(age);
  const double explained = line_bound + sources_[candidate].bound(now);
  if (std::abs(difference) <= explained) return doubt_;
  const double sum = doubt_.sum + difference;
  if (std::abs(sum) <= explained + doubt_.spread) return {};
  return {.sum = sum, .spread = doubt_.spread + line_bound};
}

std::optional<Timekeeper::Choice> Timekeeper::choose_phc(Counter now) noexcept {
  std::optional<Choice> best;
  contradicts_itself_ = false;
  for (std::size_t i = 0; i < system_index(); ++i) {
    const auto judged = judge(i, now);  // of all, as the others may be gone when one is needed
    const Source& source = sources_[i];
    if (best || !source.is_usable(now) || !(confirmed_[i] || settings_.trust_phc)) continue;
    Doubt doubt = doubt_of(i, now);
    if (doubt.size() > kVotersReach && !follows(i)) {
      // Beyond what voters can tell apart, they decide; trust was put into the clock before it
      // jumped.
      if (opinions_[i] == Opinion::kDisputed) continue;
      if (judged) doubt = doubt.limited_to(*judged);
    }
    if (doubt.size() > kLargestBound) {
      contradicts_itself_ = true;
      continue;
    }
    best = Choice{.state = ClockState::kLocked,
                  .source = i,
                  .target = source.at(now),
                  .bound = source.bound(now) + doubt.size(),
                  .growth = source.bound_growth(),
                  .doubt = doubt};
  }
  return best;
}

// A clock that drifted away until voters disputed it took the line with it.
bool Timekeeper::disputes_line(const Estimate& estimate, double bound, Counter now) const noexcept {
  if (settings_.trust_phc) return false;
  const auto truth = voters(estimate, std::nullopt, now);
  const double reach = std::max(kVotersReach, bound);
  return truth && std::isfinite(truth->low) && !truth->overlaps({.low = -reach, .high = reach});
}

std::optional<Timekeeper::Choice> Timekeeper::choose_holdover(Counter now) const noexcept {
  if (!line_ || contradicts_itself_) return std::nullopt;
  const double age = line_->age(now, settings_.nominal_hertz);
  const Estimate estimate = line_->after(age);
  const double bound = line_->bound_after(age) + doubt_.size();
  if (disputes_line(estimate, bound, now)) return std::nullopt;
  return Choice{.state = ClockState::kHoldover,
                .source = line_->source,
                .target = estimate,
                .bound = bound,
                .growth = line_->growth,
                .doubt = doubt_};
}

std::optional<Timekeeper::Choice> Timekeeper::choose_system(Counter now) const noexcept {
  const Source& system = sources_[system_index()];
  if (!system_is_good() || !system.is_usable(now)) return std::nullopt;
  const bool is_all_there_is = system_index() == 0;
  return Choice{.state = is_all_there_is ? ClockState::kLocked : ClockState::kFallback,
                .source = system_index(),
                .target = system.at(now),
                .bound = system.bound(now),
                .growth = system.bound_growth()};
}

std::optional<Timekeeper::Choice> Timekeeper::choose_local(Counter now) const noexcept {
  if (!settings_.local) return std::nullopt;
  auto choice = choose_holdover(now);
  const Source& system = sources_[system_index()];
  if (!choice && system.is_usable(now)) {
    choice = Choice{.source = system_index(),
                    .target = system.at(now),
                    .bound = system.bound(now),
                    .growth = system.bound_growth()};
  }
  if (choice) choice->state = ClockState::kLocal;
  return choice;
}

// What is said while nothing is believed; a client may look at it all the same.
std::optional<Estimate> Timekeeper::best_guess(Counter now) const noexcept {
  if (line_) return line_->after(line_->age(now, settings_.nominal_hertz));
  const Source& system = sources_[system_index()];
  if (system.is_usable(now)) return system.at(now);
  if (!system_) return std::nullopt;
  const auto utc = to_utc(system_->time, system_->kernel.tai_minus_utc);
  Holdover raw{.since = system_->counter};
  raw.estimate.time = TaiTime{utc.time_since_epoch() + calendar_.tai_minus_utc()};
  return raw.after(raw.age(now, settings_.nominal_hertz));
}

Timekeeper::Choice Timekeeper::choose_unsynchronised(Counter now) const noexcept {
  const bool has_served = line_ || report_.reference;
  return {.state = has_served ? ClockState::kUnsync : ClockState::kInit,
          .source = report_.reference,
          .target = best_guess(now)};
}

// Gathering readings again: for a moment nobody knows whether the old line still holds.
bool Timekeeper::is_restarting(std::size_t candidate, Counter now) const noexcept {
  const SourceState state = sources_[candidate].state(now);
  return candidate < system_index() && state == SourceState::kDisrupted;
}

bool Timekeeper::waits_for_phc(Counter now) const noexcept {
  if (line_ || !started_ || seconds(now - *started_) > kStartPatience) return false;
  return std::ranges::any_of(sources_.begin(), sources_.end() - 1, [&](const Source& source) {
    return source.state(now) != SourceState::kAbsent;
  });
}

Timekeeper::Choice Timekeeper::choose(Counter now) noexcept {
  const auto limit = static_cast<double>(settings_.holdover_max.count());
  const bool has_fallen_back = report_.state == ClockState::kFallback;
  auto best = choose_phc(now);
  // Nobody relies on the old line while the system clock is served.
  const bool restarting = !best && !has_fallen_back && line_ && is_restarting(line_->source, now);
  if (!best && !restarting) best = choose_holdover(now);
  if (best && best->bound <= limit) return *best;

  const auto system = choose_system(now);
  // Going back needs a clear gain: bounds that pass each other slowly would change places often.
  const double advantage = has_fallen_back ? kLoyalty : 1;
  if (system && !restarting && !waits_for_phc(now) &&
      (!best || system->bound < best->bound * advantage))
    best = system;
  if (best && best->bound <= kLargestBound) return *best;
  if (const auto local = choose_local(now); local && !waits_for_phc(now)) return *local;
  return choose_unsynchronised(now);
}

}  // namespace pollux::clock
