#include "ptp/phc/ptp4l_client.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "ptp/phc/random.h"

namespace pollux::phc {

namespace {

using message::ManagementFault;

// More in one call is a flood; the rest waits for the next.
constexpr int kMostReceived = 64;

// An identity that no other process uses: ptp4l sends an answer to the socket that asked, this
// tells our answers from those to whoever had the socket before. Not that of a network card.
message::PortIdentity random_identity() {
  message::PortIdentity identity;
  const std::uint64_t bits = std::uint64_t{random_number()} << 32U | random_number();
  for (std::size_t i = 0; i < identity.clock.size(); ++i)
    identity.clock[i] = static_cast<std::uint8_t>(bits >> 8U * i);
  identity.clock[0] |= 0x02U;  // locally administered
  identity.port = 1;
  return identity;
}

}  // namespace

Ptp4lClient::Ptp4lClient(Ptp4lPeer peer) : peer_{std::move(peer)} {
  exchange_ = {.major_sdo_id = static_cast<std::uint8_t>(peer_.major_sdo_id & 0x0fU),
               .domain = peer_.domain,
               .sequence = static_cast<std::uint16_t>(random_number()),
               .self = random_identity()};
}

void Ptp4lClient::poll(Time now) {
  receive(now);
  if (under_way_ && now - round_start_ >= kDeadline)
    end_round(saw_rubbish_ ? PeerOutcome::kBad : PeerOutcome::kSilent);
  const bool is_first = outcome_ == PeerOutcome::kNone;
  if (!under_way_ && (is_first || now - round_start_ >= kPeriod)) start_round(now);
}

std::optional<Ptp4lReport> Ptp4lClient::report(Time now) const {
  if (!report_ || now - report_->taken > kLifetime) return std::nullopt;
  return report_;
}

void Ptp4lClient::start_round(Time now) {
  round_start_ = now;
  under_way_ = true;
  saw_rubbish_ = false;
  answered_ = {};
  if (!socket_.is_open()) {
    auto socket = PeerSocket::unix_datagram(peer_.own_socket, peer_.socket);
    if (!socket) return end_round(outcome_of(socket.error()));
    socket_ = std::move(*socket);
  }
  exchange_.sequence = static_cast<std::uint16_t>(exchange_.sequence + kIds.size());
  for (std::size_t i = 0; i < kIds.size(); ++i) {
    auto exchange = exchange_;
    exchange.sequence = static_cast<std::uint16_t>(exchange.sequence + i);
    std::array<std::byte, message::kLongestManagementMessage> room;
    const auto length = message::write_management_get(room, kIds[i], exchange);
    if (const int error = socket_.send(std::span{room}.first(length)); error != 0)
      return end_round(outcome_of(error));
  }
}

void Ptp4lClient::receive(Time now) {
  if (!socket_.is_open()) return;
  // Longer than any good response, so that a longer one is seen to be longer.
  std::array<std::byte, message::kLongestManagementMessage + 1> room;
  for (int i = 0; i < kMostReceived; ++i) {
    const auto length = socket_.receive(room);
    if (length) {
      if (under_way_) take(std::span{room}.first(*length));
      continue;
    }
    if (length.error() == EAGAIN) break;
    // A dead peer's socket stays dead: the next one that ptp4l makes is another.
    end_round(outcome_of(length.error()));
    break;
  }
  if (under_way_ && std::ranges::all_of(answered_, std::identity{})) finish_round(now);
}

// Late responses, second copies and rubbish change nothing.
void Ptp4lClient::take(std::span<const std::byte> response) {
  const auto sequence = message::management_sequence(response);
  const auto which = static_cast<std::uint16_t>(sequence.value_or(0) - exchange_.sequence);
  if (!sequence || which >= kIds.size()) {
    saw_rubbish_ = true;
    return;
  }
  if (answered_[which]) return;
  const auto fault = take_data_set(which, response);
  if (fault) {
    saw_rubbish_ = true;
    if (*fault == ManagementFault::kErrorStatus) end_round(PeerOutcome::kBad);
    return;
  }
  const auto clock = message::management_source(response).value_or(message::PortIdentity{}).clock;
  const bool is_first = std::ranges::none_of(answered_, std::identity{});
  if (!is_first && clock != clock_) end_round(PeerOutcome::kBad);
  clock_ = clock;
  answered_[which] = true;
}

std::optional<ManagementFault> Ptp4lClient::take_data_set(std::size_t which,
                                                          std::span<const std::byte> response) {
  auto exchange = exchange_;
  exchange.sequence = static_cast<std::uint16_t>(exchange.sequence + which);
  const auto keep = [](const auto& answer, auto& place) -> std::optional<ManagementFault> {
    if (!answer) return answer.error();
    place = *answer;
    return std::nullopt;
  };
  switch (kIds[which]) {
    case message::ManagementId::kTimeStatusNp:
      return keep(message::read_time_status(response, exchange), sets_.status);
    case message::ManagementId::kCurrentDataSet:
      return keep(message::read_current_data_set(response, exchange), sets_.current);
    case message::ManagementId::kParentDataSet:
      return keep(message::read_parent_data_set(response, exchange), sets_.parent);
    case message::ManagementId::kTimePropertiesDataSet:
      return keep(message::read_time_properties_data_set(response, exchange), sets_.properties);
  }
  return std::nullopt;
}

void Ptp4lClient::end_round(PeerOutcome outcome) {
  under_way_ = false;
  outcome_ = outcome;
  if (outcome == PeerOutcome::kAbsent || outcome == PeerOutcome::kDenied) socket_ = {};
}

// Another grandmaster between two of the answers: they do not describe one state.
void Ptp4lClient::finish_round(Time now) {
  if (sets_.status.grandmaster != sets_.parent.grandmaster) return end_round(PeerOutcome::kBad);
  report_ = Ptp4lReport{.taken = now, .sets = sets_, .clock = clock_};
  end_round(PeerOutcome::kAnswered);
}

}  // namespace pollux::phc
