// The clock as the operator sees it. Plain values: made by the clock thread, read by the control
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/daemon/drift_file.h"
#include "ptp/clock/timekeeper.h"
#include "ptp/message/ptp4l_health.h"
#include "ptp/phc/device_lookup.h"
#include "ptp/phc/ena.h"
#include "ptp/phc/peer_socket.h"

namespace pollux::control {

struct SourceReport {
  std::string name;        // as the configuration has it, or "system"
  std::string device;      // path of the clock; empty while it is not found
  std::string clock_name;  // by its driver
  std::string method;      // how it is read
  clock::SourceKind kind = clock::SourceKind::kSystem;
  clock::SourceState state = clock::SourceState::kAbsent;
  clock::Opinion opinion = clock::Opinion::kNone;
  clock::Timescale timescale = clock::Timescale::kUtc;
  bool followed = false;
  double offset = 0;          // from the served time, ns; 0 unless it is tracked
  double error = 0;           // of the clock itself, ns
  double bound = 0;           // ns
  double sigma = 0;           // ns
  double frequency = 0;       // against the nominal counter, ns/s
  double window = 0;          // of the narrowest read, ns
  double innovation_rms = 0;  // of its readings against their prediction, ns
  double interval = 0;        // between its last two readings, s
  std::uint64_t samples = 0;
  std::uint64_t failures = 0;
  std::uint64_t disruptions = 0;
  std::string trouble;                           // of the last read; empty: none
  std::optional<phc::PhcIdentity> ena;           // of an ENA clock, to ask its driver more
  std::optional<phc::EnaCounters> ena_counters;  // filled in by who shows them
};

struct VoterReport {
  std::string address;
  std::uint8_t stratum = 0;
  double offset = 0;  // from the served time, ns
  double bound = 0;   // ns
  bool usable = false;
  bool agrees = false;  // with the served time
};

struct PeerReport {
  bool asked = false;
  phc::PeerOutcome outcome = phc::PeerOutcome::kNone;
};

struct ClockReport {
  clock::Snapshot snapshot;
  clock::HeaderFields header;
  clock::TimekeeperReport keeper;
  clock::KernelClockState kernel;
  std::optional<clock::Upstream> upstream;
  clock::UtcTime reference_time{};
  std::vector<SourceReport> sources;  // the system clock last
  std::vector<VoterReport> voters;
  PeerReport chronyd;
  PeerReport ptp4l;
  std::optional<message::Ptp4lVerdict> ptp4l_verdict;
  std::optional<clock::Leap> pending_leap;
  bool leap_table_expired = false;
  bool has_leap_table = false;
  std::optional<Drift> drift;  // worth keeping
  double nominal_hertz = 0;    // of the counter against CLOCK_MONOTONIC_RAW
  bool trusted = false;        // the system clock, by configuration
  std::string counter_fault;   // why the CPU's counter is not fit; empty: it is
  bool counts_raw = false;     // CLOCK_MONOTONIC_RAW stands in for the CPU's counter
  bool alive = false;          // a snapshot is in force
  double age_seconds = 0;      // of the newest snapshot
};

}  // namespace pollux::control
