#include "tests/fuzz/peer_message.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>

#include "ptp/message/chrony_command.h"
#include "ptp/message/management.h"
#include "ptp/message/ptp4l_health.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/peer_messages.h"

namespace pollux::test {

namespace {

using Message = std::span<const std::byte>;

constexpr message::PortIdentity kSelf{{0x02, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70}, 1};

std::uint64_t accepted = 0;

// What may be said of any message that a reader takes.
struct Shape {
  std::size_t length;
  std::size_t sequence_at;
  std::size_t sequence_size;
};
constexpr std::array<Shape, kPeerReaders> kShapes{{
    {104, 16, 4},  // tracking
    {32, 16, 4},   // source count
    {76, 16, 4},   // source data
    {104, 30, 2},  // TIME_STATUS_NP
    {72, 30, 2},   // CURRENT_DATA_SET
    {86, 30, 2},   // PARENT_DATA_SET
    {58, 30, 2},   // TIME_PROPERTIES_DATA_SET
}};

std::string faults_of(const message::Tracking& tracking) {
  std::string faults;
  for (const double value : {tracking.current_correction, tracking.root_delay,
                             tracking.root_dispersion, tracking.frequency, tracking.skew})
    if (!std::isfinite(value)) faults += "not a finite number; ";
  if (tracking.root_delay < 0 || tracking.root_dispersion < 0) faults += "negative distance; ";
  if (tracking.stratum > 16 || std::to_underlying(tracking.leap) > 3) faults += "out of range; ";
  return faults;
}

std::string faults_of(std::uint32_t) { return ""; }

std::string faults_of(const message::SourceData& source) {
  std::string faults;
  if (!std::isfinite(source.offset) || !std::isfinite(source.original_offset))
    faults += "not a finite number; ";
  if (!(source.error >= 0)) faults += "negative error; ";
  const bool is_refclock = source.mode == message::ChronySourceMode::kReference;
  if (is_refclock != (source.address.kind == message::ChronyAddressKind::kNone))
    faults += "a refclock with an address, or a server without; ";
  if (source.stratum > 16 || std::to_underlying(source.state) > 5) faults += "out of range; ";
  return faults;
}

// Rounds of the same answers, with a Sync before each.
std::string faults_of(message::Ptp4lDataSets sets) {
  using message::Ptp4lVerdict;
  const message::Ptp4lSettings settings;
  message::Ptp4lJudge judge{settings};
  std::string faults;
  for (int round = 1; round <= 12; ++round) {
    sets.status.ingress_time = std::chrono::nanoseconds{round};
    const auto health = judge.judge(sets, std::chrono::seconds{round});
    const auto offset = sets.status.master_offset;
    const bool is_bad = !sets.status.grandmaster_present || offset > settings.largest_offset ||
                        offset < -settings.largest_offset ||
                        sets.parent.grandmaster_quality.clock_class > settings.worst_clock_class;
    if (is_bad && health.verdict == Ptp4lVerdict::kHealthy) faults += "called healthy; ";
    if (health.source_error && health.verdict != Ptp4lVerdict::kHealthy)
      faults += "an error bound for a clock that is not healthy; ";
    if (health.source_error && *health.source_error < std::chrono::nanoseconds{1})
      faults += "no error at all; ";
  }
  return faults;
}

message::Ptp4lDataSets good_sets() {
  message::Ptp4lDataSets sets;
  sets.status.grandmaster_present = true;
  sets.parent.grandmaster_quality = {.clock_class = 6, .clock_accuracy = 0x21};
  return sets;
}

std::string faults_of(const message::TimeStatus& set) {
  auto sets = good_sets();
  sets.status = set;
  return faults_of(sets);
}
std::string faults_of(const message::CurrentDataSet& set) {
  auto sets = good_sets();
  sets.current = set;
  return faults_of(sets);
}
std::string faults_of(const message::ParentDataSet& set) {
  auto sets = good_sets();
  sets.parent = set;
  return faults_of(sets);
}
std::string faults_of(const message::TimePropertiesDataSet& set) {
  auto sets = good_sets();
  sets.properties = set;
  return (set.leap59 && set.leap61 ? "both leaps; " : "") + faults_of(sets);
}

// Nothing: refused. Else what is wrong with what was read.
std::optional<std::string> judged(const auto& result) {
  if (!result) return std::nullopt;
  return faults_of(*result);
}

std::optional<std::string> read(std::size_t reader, Message message, std::uint32_t sequence) {
  const message::ManagementExchange exchange{.sequence = static_cast<std::uint16_t>(sequence),
                                             .self = kSelf};
  switch (reader) {
    case 0:
      return judged(message::read_tracking(message, sequence));
    case 1:
      return judged(message::read_source_count(message, sequence));
    case 2:
      return judged(message::read_source_data(message, sequence));
    case 3:
      return judged(message::read_time_status(message, exchange));
    case 4:
      return judged(message::read_current_data_set(message, exchange));
    case 5:
      return judged(message::read_parent_data_set(message, exchange));
    default:
      return judged(message::read_time_properties_data_set(message, exchange));
  }
}

Octets make_peer_input(std::uint8_t reader, std::uint32_t sequence, const Octets& message) {
  Octets input{reader};
  put32(input, sequence);
  put(input, message);
  return input;
}

}  // namespace

std::string faults_of_input(const Octets& input) {
  if (input.size() < kPeerControlOctets) return "";
  static GuardedBuffer buffer;
  const std::size_t reader = input[0] % kPeerReaders;
  const auto sequence = static_cast<std::uint32_t>(get(input, 1, 4));
  const auto octets = slice(input, kPeerControlOctets,
                            std::min(input.size() - kPeerControlOctets, GuardedBuffer::kCapacity));
  buffer.load(octets);
  const Message message{buffer.start(), octets.size()};

  const auto& shape = kShapes[reader];
  const auto outcome = read(reader, message, sequence);
  std::string faults = outcome.value_or("");
  if (outcome) {
    ++accepted;
    const std::uint64_t mask = shape.sequence_size == 2 ? 0xffff : 0xffff'ffff;
    if (octets.size() != shape.length) faults += "took another length; ";
    if (get(octets, shape.sequence_at, shape.sequence_size) != (sequence & mask))
      faults += "took another sequence; ";
    if (read(reader, message.first(message.size() - 1), sequence)) faults += "took a part; ";
  }
  if (message::chrony_sequence(message).has_value() != (octets.size() >= 28))
    faults += "a sequence where there is none; ";
  if (message::management_source(message).has_value() != (octets.size() >= 48))
    faults += "a source where there is none; ";
  if (!buffer.intact()) faults += "wrote to a message; ";
  return faults;
}

std::vector<CorpusInput> corpus_inputs() {
  constexpr std::uint32_t kSequence = 0x0102'0304;
  const auto management = [](std::uint16_t id, const Octets& data) {
    return ManagementResponse{.sequence = 0x0304, .id = id, .data = data}.build();
  };
  const ChronyReply refused{.command = 15, .type = 1, .status = 4, .sequence = kSequence};
  const ManagementResponse error{
      .sequence = 0x0304, .tlv_type = 2, .id = 6, .data = from_hex("2002 00000000")};
  const SourceFields refclock{.address = chrony_address(1, {'P', 'H', 'C', '0'}), .mode = 2};
  const SourceFields name{.address = chrony_address(3, {0, 0, 0, 1}), .since_sample = 0xffff'ffff};
  return {
      {"tracking", make_peer_input(0, kSequence, TrackingFields{}.reply(kSequence).build())},
      {"source_count", make_peer_input(1, kSequence, source_count_reply(kSequence, 3).build())},
      {"source_data", make_peer_input(2, kSequence, SourceFields{}.reply(kSequence).build())},
      {"source_data_refclock", make_peer_input(2, kSequence, refclock.reply(kSequence).build())},
      {"source_data_name", make_peer_input(2, kSequence, name.reply(kSequence).build())},
      {"source_data_refused", make_peer_input(2, kSequence, refused.build())},
      {"time_status",
       make_peer_input(3, kSequence, management(kTimeStatusId, TimeStatusFields{}.data()))},
      {"current", make_peer_input(4, kSequence, management(kCurrentId, current_data(1, -42, 9)))},
      {"parent", make_peer_input(5, kSequence, management(kParentId, ParentFields{}.data()))},
      {"time_properties",
       make_peer_input(6, kSequence,
                       management(kTimePropertiesId, time_properties_data(37, 60, 32)))},
      {"parent_error_status", make_peer_input(5, kSequence, error.build())},
  };
}

std::uint64_t inputs_accepted() { return accepted; }

}  // namespace pollux::test
