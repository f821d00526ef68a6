#include "ptp/phc/chronyd_client.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "ptp/phc/random.h"

namespace pollux::phc {

namespace {

using message::ChronyFault;
using message::ChronySourceMode;
using message::ChronySourceState;
using std::chrono::nanoseconds;

// More in one call is a flood; the rest waits for the next.
constexpr int kMostReceived = 64;
constexpr double kDriftPpm = 15;

nanoseconds to_nanoseconds(double seconds) noexcept {
  constexpr double kLimit = 9.2e18;
  return nanoseconds{static_cast<std::int64_t>(std::clamp(seconds * 1e9, -kLimit, kLimit))};
}

// "PHC" and one digit; not an IPv4 address of those octets.
bool is_phc_refclock(const message::Tracking& tracking) noexcept {
  constexpr std::uint32_t kPhc = 0x50'48'43'00;
  const auto digit = tracking.reference_id & 0xffU;
  return tracking.address.kind == message::ChronyAddressKind::kNone &&
         (tracking.reference_id & 0xffff'ff00U) == kPhc && digit >= '0' && digit <= '9';
}

bool is_usable(const message::SourceData& data) noexcept {
  const bool may_vote =
      data.state == ChronySourceState::kSelected || data.state == ChronySourceState::kUnselected ||
      data.state == ChronySourceState::kSelectable || data.state == ChronySourceState::kFalseticker;
  return may_vote && data.sample_age && data.reachability != 0 && data.stratum >= 1 &&
         data.stratum <= 15;
}

ChronydSource make_source(const message::SourceData& data, double correction) noexcept {
  const auto age = data.sample_age.value_or(std::chrono::seconds{0});
  const double growth = static_cast<double>(age.count()) * kDriftPpm * 1e-6;
  return {.address = data.address,
          .offset = to_nanoseconds(data.offset + correction),
          .error_bound = to_nanoseconds(data.error + growth),
          .sample_age = age,
          .stratum = static_cast<std::uint8_t>(data.stratum),
          .reachability = data.reachability,
          .state = data.state,
          .usable = is_usable(data)};
}

}  // namespace

ChronydClient::ChronydClient(std::string address, std::uint16_t port)
    : address_{std::move(address)}, port_{port}, next_sequence_{random_number()} {}

void ChronydClient::poll(Time now) {
  receive(now);
  if (under_way_) continue_round(now);
  const bool is_first = outcome_ == PeerOutcome::kNone;
  if (!under_way_ && (is_first || now - round_start_ >= kPeriod)) start_round(now);
}

std::optional<ChronydReport> ChronydClient::report(Time now) const {
  if (!report_ || now - report_->taken > kLifetime) return std::nullopt;
  return report_;
}

void ChronydClient::start_round(Time now) {
  round_start_ = now;
  under_way_ = true;
  saw_rubbish_ = false;
  asked_for_sources_ = false;
  asked_count_ = 0;
  if (!socket_.is_open()) {
    auto socket = PeerSocket::udp(address_, port_);
    if (!socket) return end_round(outcome_of(socket.error()));
    socket_ = std::move(*socket);
  }
  ask(Question::kTracking);
  ask(Question::kCount);
}

void ChronydClient::ask(Question question, std::uint32_t index) {
  if (!under_way_) return;  // an earlier question has ended the round
  std::array<std::byte, message::kLongestChronyMessage> room;
  const std::uint32_t sequence = next_sequence_++;
  std::size_t length = 0;
  switch (question) {
    case Question::kTracking:
      length = message::write_tracking_request(room, sequence);
      break;
    case Question::kSource:
      length = message::write_source_data_request(room, sequence, index);
      break;
    case Question::kCount:
    case Question::kCountAgain:
      length = message::write_source_count_request(room, sequence);
      break;
  }
  if (const int error = socket_.send(std::span{room}.first(length)); error != 0)
    return end_round(outcome_of(error));
  asked_[asked_count_++] = {.question = question, .index = index, .sequence = sequence};
}

// All at once, and then the number again: a list that has changed meanwhile would give one source
// twice, or leave one out.
void ChronydClient::ask_for_sources() {
  asked_for_sources_ = true;
  const auto wanted = std::min<std::uint32_t>(count_, ChronydReport::kMaximumSources);
  for (std::uint32_t index = 0; index < wanted; ++index) ask(Question::kSource, index);
  ask(Question::kCountAgain);
}

void ChronydClient::receive(Time now) {
  if (!socket_.is_open()) return;
  // Longer than any good reply, so that a longer one is seen to be longer.
  std::array<std::byte, message::kLongestChronyMessage + 1> room;
  for (int i = 0; i < kMostReceived; ++i) {
    const auto length = socket_.receive(room);
    if (length) {
      if (under_way_) take(std::span{room}.first(*length));
      continue;
    }
    if (length.error() == EAGAIN) break;
    if (under_way_) end_round(outcome_of(length.error()));
  }
  if (under_way_ && all_answered() && asked_for_sources_) {
    report_ = compose(now);
    end_round(PeerOutcome::kAnswered);
  }
}

// Late replies, second copies and rubbish change nothing.
void ChronydClient::take(std::span<const std::byte> reply) {
  const auto sequence = message::chrony_sequence(reply);
  const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_);
  const auto asked = std::find_if(
      asked_.begin(), end, [&](const Asked& one) { return sequence && one.sequence == *sequence; });
  if (asked == end) {
    saw_rubbish_ = true;
  } else if (!asked->answered) {
    take_answer(*asked, reply);
  }
}

void ChronydClient::take_answer(Asked& asked, std::span<const std::byte> reply) {
  std::optional<ChronyFault> fault;
  const auto keep = [&](const auto& answer, auto& place) {
    if (answer) {
      place = *answer;
    } else {
      fault = answer.error();
    }
  };
  std::uint32_t again = count_;
  switch (asked.question) {
    case Question::kTracking:
      keep(message::read_tracking(reply, asked.sequence), tracking_);
      break;
    case Question::kCount:
      keep(message::read_source_count(reply, asked.sequence), count_);
      break;
    case Question::kSource:
      keep(message::read_source_data(reply, asked.sequence), data_[asked.index]);
      break;
    case Question::kCountAgain:
      keep(message::read_source_count(reply, asked.sequence), again);
      break;
  }
  const bool is_refusal = fault == ChronyFault::kStatus || fault == ChronyFault::kNoSuchSource;
  const bool has_changed = asked.question == Question::kCountAgain && again != count_;
  asked.answered = !fault;
  if (fault) saw_rubbish_ = true;
  if (is_refusal || has_changed) end_round(PeerOutcome::kBad);
}

void ChronydClient::continue_round(Time now) {
  if (now - round_start_ >= kDeadline)
    return end_round(saw_rubbish_ ? PeerOutcome::kBad : PeerOutcome::kSilent);
  if (all_answered() && !asked_for_sources_) ask_for_sources();
}

void ChronydClient::end_round(PeerOutcome outcome) {
  under_way_ = false;
  outcome_ = outcome;
}

bool ChronydClient::all_answered() const noexcept {
  return std::all_of(asked_.begin(), asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_),
                     [](const Asked& one) { return one.answered; });
}

ChronydReport ChronydClient::compose(Time now) const {
  ChronydReport report;
  report.taken = now;
  report.synchronised = tracking_.leap != clock::LeapIndicator::kUnsynchronised;
  report.leap = tracking_.leap;
  report.stratum = tracking_.stratum;
  report.reference_id = tracking_.reference_id;
  report.root_delay = to_nanoseconds(tracking_.root_delay);
  report.root_dispersion = to_nanoseconds(tracking_.root_dispersion);
  report.correction = to_nanoseconds(tracking_.current_correction);
  report.follows_phc = is_phc_refclock(tracking_);
  report.known_to_chronyd = count_;
  const auto asked = std::min<std::size_t>(count_, ChronydReport::kMaximumSources);
  for (const auto& data : std::span{data_}.first(asked)) {
    if (data.mode == ChronySourceMode::kReference ||
        data.address.kind == message::ChronyAddressKind::kUnresolved)
      continue;
    report.sources[report.source_count++] = make_source(data, tracking_.current_correction);
  }
  return report;
}

}  // namespace pollux::phc
