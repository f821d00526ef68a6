// Asks the ptp4l of this host once a second for the data sets that tell whether the clock it
// disciplines is any good. Called by the clock thread; never blocks.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ptp/message/management.h"
#include "ptp/message/ptp4l_health.h"
#include "ptp/phc/peer_socket.h"

namespace pollux::phc {

struct Ptp4lPeer {
  // ptp4l 3.1 makes this socket for root and its group only; from version 4 on, `ptp4lro` beside it
  // answers anybody and takes no orders.
  std::string socket = "/var/run/ptp4l";
  // Where ptp4l sends its answers; removed at the end. The folder exists and is ours to write to.
  std::string own_socket = "/run/pollux/ptp4l-client.sock";
  std::uint8_t domain = 0;        // as ptp4l's domainNumber
  std::uint8_t major_sdo_id = 0;  // as ptp4l's transportSpecific; 1 for gPTP
};

struct Ptp4lReport {
  std::chrono::steady_clock::time_point taken;  // end of the round; its age is now - taken
  message::Ptp4lDataSets sets;
  message::ClockIdentity clock{};  // of the ptp4l that answered
};

class Ptp4lClient {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds kPeriod{1'000};    // from start to start of a round
  static constexpr std::chrono::milliseconds kDeadline{1'000};  // for a whole round
  static constexpr std::chrono::seconds kLifetime{5};           // of a report

  // Opens nothing yet.
  explicit Ptp4lClient(Ptp4lPeer peer);

  // Takes what has come, sends what is due; call it about eight times a second.
  void poll(Time now);

  // The last whole report that is not older than kLifetime.
  [[nodiscard]] std::optional<Ptp4lReport> report(Time now) const;
  [[nodiscard]] PeerOutcome last_outcome() const noexcept { return outcome_; }

 private:
  static constexpr std::array kIds{
      message::ManagementId::kTimeStatusNp, message::ManagementId::kCurrentDataSet,
      message::ManagementId::kParentDataSet, message::ManagementId::kTimePropertiesDataSet};

  void start_round(Time now);
  void receive(Time now);
  void take(std::span<const std::byte> response);
  [[nodiscard]] std::optional<message::ManagementFault> take_data_set(
      std::size_t which, std::span<const std::byte> response);
  void end_round(PeerOutcome outcome);
  void finish_round(Time now);

  Ptp4lPeer peer_;
  PeerSocket socket_;
  message::ManagementExchange exchange_;  // sequence: of the first question of the round

  bool under_way_ = false;
  bool saw_rubbish_ = false;
  Time round_start_;
  std::array<bool, kIds.size()> answered_{};
  message::ClockIdentity clock_{};  // who answered this round
  message::Ptp4lDataSets sets_;

  std::optional<Ptp4lReport> report_;
  PeerOutcome outcome_ = PeerOutcome::kNone;
};

}  // namespace pollux::phc
