// A host in simulated time: oscillator, hardware clocks, the kernel's clock, and the real
// timekeeper that reads them and serves a worker through the real latch. What is served is compared
// with true time on a fine grid. Deterministic.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ptp/clock/served_clock.h"
#include "ptp/clock/snapshot_latch.h"
#include "ptp/clock/timekeeper.h"
#include "tests/sim/models.h"

namespace pollux::sim {

// A hardware clock that the simulation can disturb.
struct SimulatedPhc {
  SimulatedPhc(const ReaderModel& model, std::uint64_t seed) : reader{model, seed} {}

  Reader reader;
  double error = 0;  // of the clock against true time, ns; a step when changed
  bool shows_tai = false;
  bool gone = false;             // reads fail
  std::optional<double> frozen;  // shows this true time (s from the start) for ever
  double next_read = 0;          // s
};

// The kernel's clock.
struct SimulatedSystem {
  double error = 0;  // ns
  // Its leap flag is cleared, and its TAI offset moved, when it leaps.
  clock::KernelClockState kernel;
  bool has_leapt = false;
  double next_read = 0;
};

// A clock elsewhere that the program behind the system clock knows.
struct Voter {
  double error = 0;       // ns
  double half_width = 0;  // ns, of the interval that it vouches for
};

// One comparison of the served time with the true one.
struct Check {
  double time = 0;   // s from the start
  double error = 0;  // ns, served minus true
  double bound = 0;  // ns, that was published, with its growth since
  double sigma = 0;  // ns
  bool synchronised = false;
  clock::LeapIndicator leap = clock::LeapIndicator::kUnsynchronised;
  clock::ClockState state = clock::ClockState::kInit;
  bool went_back = false;  // against the check before, both synchronised
};

struct SimulationSettings {
  OscillatorModel oscillator = kGoodOscillator;
  std::vector<ReaderModel> phcs{kMemoryMapped};
  std::uint64_t seed = 1;
  clock::UtcTime start{std::chrono::seconds{1'790'000'000}};
  std::chrono::seconds tai_minus_utc{37};  // at the start
  std::optional<clock::Leap> leap;         // that UTC makes
  clock::Timescale timescale = clock::Timescale::kUtc;
  std::chrono::nanoseconds source_error{0};
  bool system_synchronised = false;
  double grid = 0.005;  // s between checks
  clock::TimekeeperSettings timekeeper{.trust_phc = true};
};

class Simulation {
 public:
  static constexpr double kNominalHertz = 2.5e9;

  explicit Simulation(const SimulationSettings& settings);

  // Goes on for that long and shows every check.
  void run(double seconds, const std::function<void(const Check&)>& look = nullptr);

  // Shows every reading of a hardware clock that the timekeeper is given.
  void watch_readings(std::function<void(const clock::ClockReading&)> look) {
    look_at_reading_ = std::move(look);
  }

  // A pause of the machine in which nothing of it runs; the counter goes on.
  void pause(double seconds);

  [[nodiscard]] double now() const { return time_; }
  [[nodiscard]] clock::Counter counter() const;
  [[nodiscard]] clock::Timekeeper& keeper() { return *keeper_; }
  [[nodiscard]] SimulatedPhc& phc(std::size_t index = 0) { return phcs_[index]; }
  [[nodiscard]] SimulatedSystem& system() { return system_; }
  [[nodiscard]] std::vector<Voter>& voters() { return voters_; }
  // Between checks, s.
  void set_grid(double grid) { settings_.grid = grid; }
  [[nodiscard]] clock::ServedTime served() const;
  // What the NTP scale of UTC shows now.
  [[nodiscard]] clock::NtpTime true_ntp() const;

 private:
  void advance(double seconds);
  [[nodiscard]] bool read_sources();
  void read_phc(std::size_t index);
  void read_system();
  void tell_votes();
  [[nodiscard]] clock::TaiTime tai() const;
  [[nodiscard]] std::chrono::seconds offset_at(clock::TaiTime time) const;
  [[nodiscard]] double interval_of(std::size_t source) const;
  [[nodiscard]] Check check();

  SimulationSettings settings_;
  Oscillator oscillator_;
  std::vector<SimulatedPhc> phcs_;
  SimulatedSystem system_;
  std::vector<Voter> voters_;
  std::unique_ptr<clock::Timekeeper> keeper_;
  clock::SnapshotLatch latch_;
  clock::ServedClock served_{latch_};
  clock::Snapshot newest_;
  double time_ = 0;
  double next_publish_ = 0;
  std::optional<clock::NtpTime> last_served_;
  std::function<void(const clock::ClockReading&)> look_at_reading_;
};

}  // namespace pollux::sim
