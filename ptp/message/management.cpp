#include "ptp/message/management.h"

#include <algorithm>

#include "ptp/message/octets.h"

namespace pollux::message {

namespace {

constexpr std::uint8_t kManagementMessage = 0x0d;
constexpr std::uint8_t kVersionPtp = 2;
constexpr std::uint8_t kMinorVersionPtp = 1;
constexpr std::uint8_t kManagementControl = 4;  // controlField (IEEE 1588-2019 table 49)
constexpr std::uint8_t kNoInterval = 0x7f;      // logMessageInterval of a management message
constexpr std::uint8_t kGet = 0;
constexpr std::uint8_t kResponse = 2;
constexpr std::uint16_t kManagementTlv = 0x0001;
constexpr std::uint16_t kManagementErrorStatusTlv = 0x0002;
constexpr std::size_t kTlvHeader = 4;  // tlvType and lengthField
constexpr std::size_t kIdSize = 2;
constexpr std::size_t kSourceAt = 20;
constexpr std::size_t kSequenceAt = 30;

constexpr std::size_t kCurrentSize = 18;
constexpr std::size_t kParentSize = 32;
constexpr std::size_t kTimePropertiesSize = 4;
constexpr std::size_t kTimeStatusSize = 50;
static_assert(kManagementHeader + kTlvHeader + kIdSize + kTimeStatusSize ==
              kLongestManagementMessage);

void put_identity(Writer& writer, const PortIdentity& identity) noexcept {
  for (const std::uint8_t octet : identity.clock) writer.put(octet);
  writer.put(identity.port);
}

ClockIdentity take_clock(Reader& reader) noexcept {
  ClockIdentity clock;
  for (std::uint8_t& octet : clock) octet = reader.take<std::uint8_t>();
  return clock;
}

PortIdentity take_identity(Reader& reader) noexcept {
  PortIdentity identity;
  identity.clock = take_clock(reader);
  identity.port = reader.take<std::uint16_t>();
  return identity;
}

// TimeInterval: nanoseconds times 2^16 (IEEE 1588-2019 §5.3.2), here to the nearest nanosecond.
std::chrono::nanoseconds take_interval(Reader& reader) noexcept {
  const auto scaled = reader.take<std::int64_t>();
  return std::chrono::nanoseconds{(scaled >> 16U) + (scaled >> 15U & 1)};
}

std::optional<ManagementFault> header_fault(std::span<const std::byte> message,
                                            const ManagementExchange& exchange) noexcept {
  if (message.size() < kManagementHeader) return ManagementFault::kShort;
  Reader reader{message};
  const auto kind = reader.take<std::uint8_t>();
  if ((reader.take<std::uint8_t>() & 0x0fU) != kVersionPtp) return ManagementFault::kVersion;
  const auto length = reader.take<std::uint16_t>();
  const auto domain = reader.take<std::uint8_t>();
  if (kind != (unsigned{exchange.major_sdo_id} << 4U | kManagementMessage) ||
      domain != exchange.domain)
    return ManagementFault::kKind;
  if (length != message.size()) return ManagementFault::kLength;
  reader.skip(kSequenceAt - 5);  // flags, correction and the like, sourcePortIdentity
  if (reader.take<std::uint16_t>() != exchange.sequence) return ManagementFault::kSequence;
  reader.skip(2);  // controlField, logMessageInterval
  if (take_identity(reader) != exchange.self) return ManagementFault::kTarget;
  reader.skip(2);  // boundary hops
  if ((reader.take<std::uint8_t>() & 0x0fU) != kResponse) return ManagementFault::kAction;
  return std::nullopt;
}

// Checks everything around a data set of `size` octets and gives a reader of it.
std::expected<Reader, ManagementFault> open_response(std::span<const std::byte> message,
                                                     ManagementId id, std::size_t size,
                                                     const ManagementExchange& exchange) noexcept {
  if (const auto fault = header_fault(message, exchange)) return std::unexpected(*fault);
  const auto tlv = message.subspan(kManagementHeader);
  Reader reader{tlv};
  const auto type = reader.take<std::uint16_t>();
  const auto length = reader.take<std::uint16_t>();
  if (!reader.fits() || length != reader.left())
    return std::unexpected(ManagementFault::kTlvLength);
  if (type == kManagementErrorStatusTlv) return std::unexpected(ManagementFault::kErrorStatus);
  if (type != kManagementTlv) return std::unexpected(ManagementFault::kTlvType);
  if (length < kIdSize) return std::unexpected(ManagementFault::kTlvLength);
  if (reader.take<std::uint16_t>() != static_cast<std::uint16_t>(id))
    return std::unexpected(ManagementFault::kId);
  if (reader.left() != size) return std::unexpected(ManagementFault::kTlvLength);
  return reader;
}

}  // namespace

std::size_t write_management_get(std::span<std::byte> out, ManagementId id,
                                 const ManagementExchange& exchange) noexcept {
  constexpr std::uint16_t kLength = kManagementHeader + kTlvHeader + kIdSize;
  if (out.size() < kLength) return 0;
  Writer writer{out.first(kLength)};
  writer.put(static_cast<std::uint8_t>(unsigned{exchange.major_sdo_id} << 4U | kManagementMessage));
  writer.put(static_cast<std::uint8_t>(kMinorVersionPtp << 4U | kVersionPtp));
  writer.put(kLength);
  writer.put(exchange.domain);
  writer.zeros(15);  // minorSdoId, flags, correction, messageTypeSpecific
  put_identity(writer, exchange.self);
  writer.put(exchange.sequence);
  writer.put(kManagementControl);
  writer.put(kNoInterval);
  PortIdentity anybody;
  anybody.clock.fill(0xff);
  anybody.port = 0xffff;
  put_identity(writer, anybody);
  writer.zeros(2);  // startingBoundaryHops, boundaryHops
  writer.put(kGet);
  writer.zeros(1);
  writer.put(kManagementTlv);
  writer.put(static_cast<std::uint16_t>(kIdSize));
  writer.put(static_cast<std::uint16_t>(id));
  return kLength;
}

std::optional<std::uint16_t> management_sequence(std::span<const std::byte> message) noexcept {
  if (message.size() < kManagementHeader) return std::nullopt;
  return Reader{message.subspan(kSequenceAt)}.take<std::uint16_t>();
}

std::optional<PortIdentity> management_source(std::span<const std::byte> message) noexcept {
  if (message.size() < kManagementHeader) return std::nullopt;
  Reader reader{message.subspan(kSourceAt)};
  return take_identity(reader);
}

std::expected<CurrentDataSet, ManagementFault> read_current_data_set(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept {
  auto reader = open_response(response, ManagementId::kCurrentDataSet, kCurrentSize, exchange);
  if (!reader) return std::unexpected(reader.error());
  CurrentDataSet set;
  set.steps_removed = reader->take<std::uint16_t>();
  set.offset_from_master = take_interval(*reader);
  set.mean_path_delay = take_interval(*reader);
  return set;
}

std::expected<ParentDataSet, ManagementFault> read_parent_data_set(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept {
  auto reader = open_response(response, ManagementId::kParentDataSet, kParentSize, exchange);
  if (!reader) return std::unexpected(reader.error());
  ParentDataSet set;
  set.parent_port = take_identity(*reader);
  reader->skip(8);  // parentStats, what was observed of the parent
  set.grandmaster_priority1 = reader->take<std::uint8_t>();
  set.grandmaster_quality.clock_class = reader->take<std::uint8_t>();
  set.grandmaster_quality.clock_accuracy = reader->take<std::uint8_t>();
  set.grandmaster_quality.offset_scaled_log_variance = reader->take<std::uint16_t>();
  set.grandmaster_priority2 = reader->take<std::uint8_t>();
  set.grandmaster = take_clock(*reader);
  return set;
}

std::expected<TimePropertiesDataSet, ManagementFault> read_time_properties_data_set(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept {
  auto reader =
      open_response(response, ManagementId::kTimePropertiesDataSet, kTimePropertiesSize, exchange);
  if (!reader) return std::unexpected(reader.error());
  TimePropertiesDataSet set;
  set.current_utc_offset = reader->take<std::int16_t>();
  const auto flags = reader->take<std::uint8_t>();
  // Bits of IEEE 1588-2019 figure 43, in the order of flagField octet 1.
  set.leap61 = (flags & 1U << 0U) != 0;
  set.leap59 = (flags & 1U << 1U) != 0;
  set.current_utc_offset_valid = (flags & 1U << 2U) != 0;
  set.ptp_timescale = (flags & 1U << 3U) != 0;
  set.time_traceable = (flags & 1U << 4U) != 0;
  set.frequency_traceable = (flags & 1U << 5U) != 0;
  set.time_source = reader->take<std::uint8_t>();
  if (set.leap59 && set.leap61) return std::unexpected(ManagementFault::kValue);
  return set;
}

std::expected<TimeStatus, ManagementFault> read_time_status(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept {
  auto reader = open_response(response, ManagementId::kTimeStatusNp, kTimeStatusSize, exchange);
  if (!reader) return std::unexpected(reader.error());
  TimeStatus status;
  status.master_offset = std::chrono::nanoseconds{reader->take<std::int64_t>()};
  status.ingress_time = std::chrono::nanoseconds{reader->take<std::int64_t>()};
  reader->skip(22);  // rate offset, phase changes and time base of the grandmaster
  const auto present = reader->take<std::uint32_t>();
  status.grandmaster = take_clock(*reader);
  if (present > 1) return std::unexpected(ManagementFault::kValue);
  status.grandmaster_present = present != 0;
  return status;
}

}  // namespace pollux::message
