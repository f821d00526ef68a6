// Random faults in random order over many short simulations: the true error never exceeds what is
// said of it, synchronised time never goes back, and steps do not pass unnoticed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>

#include "tests/sim/simulation.h"
#include "tests/sim/watch.h"

namespace pollux::sim {
namespace {

class Soak {
 public:
  explicit Soak(std::uint64_t seed)
      : random_{seed}, settings_{random_settings(seed)}, simulation_{settings_} {
    simulation_.system().error = between(-4e6, 4e6);  // within the 5 ms that the kernel owns to
  }

  void run() {
    advance(60);
    const int events = 3 + pick(6);
    for (int i = 0; i < events && !testing::Test::HasFailure(); ++i) one_event();
    if (const auto& check = watch_.first_violation) {
      ADD_FAILURE() << "at " << check->time << " s, in state " << static_cast<int>(check->state)
                    << ", off by " << check->error << " ns, bound " << check->bound << story_;
    }
    EXPECT_EQ(watch_.backward, 0U) << story_;
  }

  [[nodiscard]] std::size_t checks() const { return watch_.checks; }

 private:
  SimulationSettings random_settings(std::uint64_t seed) {
    const ReaderModel readers[] = {kCrossTimestamp, kMemoryMapped, kEna};
    SimulationSettings settings{.oscillator = pick(2) == 0 ? kGoodOscillator : kBadOscillator,
                                .phcs = {},
                                .seed = seed,
                                .system_synchronised = pick(3) == 0,
                                .grid = 0.02};
    for (int i = pick(3) == 0 ? 2 : 1; i > 0; --i) {
      ReaderModel reader = readers[pick(3)];
      reader.busy = pick(2) == 0 ? 0 : between(0, 0.1);
      settings.phcs.push_back(reader);
    }
    return settings;
  }

  int pick(int count) { return std::uniform_int_distribution{0, count - 1}(random_); }
  double between(double low, double high) {
    return std::uniform_real_distribution{low, high}(random_);
  }
  double logarithmic(double low, double high) {
    return std::exp(between(std::log(low), std::log(high)));
  }

  void advance(double length) { simulation_.run(length, watch_()); }
  void tell(const std::string& what) {
    story_ += "; " + std::to_string(simulation_.now()) + ": " + what;
  }

  void one_event() {
    SimulatedPhc& phc =
        simulation_.phc(static_cast<std::size_t>(pick(static_cast<int>(settings_.phcs.size()))));
    switch (pick(7)) {
      case 0:
        step(phc);
        break;
      case 1:
        gap(phc, false);
        break;
      case 2:
        gap(phc, true);
        break;
      case 3:
        freeze(phc);
        break;
      case 4:
        tell("pause");
        simulation_.pause(logarithmic(0.1, 30));
        break;
      case 5:
        outliers(phc);
        break;
      default:
        tell("disruption marker");
        disrupt();
        break;
    }
    advance(between(2, 90));
  }

  [[nodiscard]] bool is_locked() {
    return simulation_.keeper().report().state == clock::ClockState::kLocked;
  }

  // A step that is told from the noise, or from what holdover or another clock would explain.
  void step(SimulatedPhc& phc) {
    const bool is_followed = is_locked() && settings_.phcs.size() == 1;
    const double size = (pick(2) == 0 ? -1 : 1) * logarithmic(is_followed ? 20e3 : 10e6, 3e9);
    tell("step by " + std::to_string(size));
    phc.error += size;
    if (!is_followed || std::abs(size) < 1e6) return;
    Watch second;
    const double begin = simulation_.now();
    simulation_.run(1, [&](const Check& check) {
      watch_.look(check);
      second.look(check);
    });
    EXPECT_TRUE(second.first_unsynchronised) << begin << story_;
  }

  // A step in a gap as well.
  void gap(SimulatedPhc& phc, bool steps) {
    const double length = logarithmic(0.5, 600);
    tell((steps ? "stepping gap of " : "gap of ") + std::to_string(length));
    phc.gone = true;
    advance(length);
    if (steps) phc.error += (pick(2) == 0 ? -1 : 1) * logarithmic(10e6, 3e9);
    phc.gone = false;
  }

  void freeze(SimulatedPhc& phc) {
    const double length = logarithmic(0.1, 60);
    tell("freeze for " + std::to_string(length));
    phc.frozen = simulation_.now();
    advance(length);
    phc.frozen.reset();
  }

  void outliers(SimulatedPhc& phc) {
    tell("outliers");
    const double before = phc.error;
    for (int i = pick(20); i >= 0; --i) {
      phc.error = before + between(-1e6, 1e6);
      advance(0.125);
      phc.error = before;
      advance(between(0.2, 1));
    }
  }

  // All that was known is forgotten: what was wrong has to be right again.
  void disrupt() {
    for (std::size_t i = 0; i < settings_.phcs.size(); ++i) simulation_.phc(i).error = 0;
    simulation_.keeper().disrupt();
    for (int i = 0; i < 180 && !is_locked(); ++i) advance(1);
    EXPECT_TRUE(is_locked()) << story_;
  }

  std::mt19937_64 random_;
  SimulationSettings settings_;
  Simulation simulation_;
  Watch watch_;
  std::string story_;
};

TEST(Soak, TheBoundHoldsWhateverHappens) {
  // Set it for a longer run.
  const char* rounds = std::getenv("POLLUX_SOAK_ROUNDS");
  const std::uint64_t count = rounds == nullptr ? 300 : std::strtoull(rounds, nullptr, 10);
  std::size_t checks = 0;
  for (std::uint64_t seed = 1; seed <= count && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Soak soak{seed};
    soak.run();
    checks += soak.checks();
  }
  EXPECT_GT(checks, count * 5'000);
}

}  // namespace
}  // namespace pollux::sim
