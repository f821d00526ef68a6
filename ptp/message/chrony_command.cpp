#include "ptp/message/chrony_command.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "ptp/message/octets.h"

namespace pollux::message {

namespace {

constexpr std::uint8_t kRequestPacket = 1;
constexpr std::uint8_t kReplyPacket = 2;
constexpr std::size_t kReplyHeader = 28;
constexpr std::size_t kSequenceAt = 16;
constexpr std::uint16_t kSuccess = 0;
constexpr std::uint16_t kNoSuchSourceStatus = 4;
constexpr std::uint32_t kNever = 0xffff'ffff;
// Instead of the upper half of the seconds where chronyd was built with 32 bits of time.
constexpr std::uint32_t kNoUpperSeconds = 0x7fff'ffff;

// What a good reply to a command looks like.
struct ReplyShape {
  ChronyCommand command;
  std::uint16_t type;
  std::size_t length;
};
constexpr ReplyShape kSourceCountReply{ChronyCommand::kSourceCount, 2, kSourceCountLength};
constexpr ReplyShape kSourceDataReply{ChronyCommand::kSourceData, 3, kSourceDataLength};
constexpr ReplyShape kTrackingReply{ChronyCommand::kTracking, 5, kTrackingLength};

std::size_t write_request(std::span<std::byte> out, const ReplyShape& reply, std::uint32_t sequence,
                          std::optional<std::uint32_t> index) noexcept {
  if (out.size() < reply.length) return 0;
  const auto request = out.first(reply.length);
  std::ranges::fill(request, std::byte{});
  Writer writer{request};
  writer.put(kChronyProtocolVersion);
  writer.put(kRequestPacket);
  writer.zeros(2);  // reserved
  writer.put(static_cast<std::uint16_t>(reply.command));
  writer.zeros(2);  // attempt
  writer.put(sequence);
  writer.zeros(8);  // padding
  if (index) writer.put(*index);
  return reply.length;
}

// Checks all that is the same in every reply and gives a reader of what follows.
std::expected<Reader, ChronyFault> open_reply(std::span<const std::byte> reply,
                                              const ReplyShape& shape,
                                              std::uint32_t sequence) noexcept {
  if (reply.size() < kReplyHeader) return std::unexpected(ChronyFault::kShort);
  Reader header{reply.first(kReplyHeader)};
  if (header.take<std::uint8_t>() != kChronyProtocolVersion)
    return std::unexpected(ChronyFault::kVersion);
  const bool is_reply = header.take<std::uint8_t>() == kReplyPacket;
  if (!is_reply || header.take<std::uint16_t>() != 0) return std::unexpected(ChronyFault::kKind);
  const auto command = header.take<std::uint16_t>();
  const auto type = header.take<std::uint16_t>();
  const auto status = header.take<std::uint16_t>();
  header.skip(6);  // padding
  if (header.take<std::uint32_t>() != sequence) return std::unexpected(ChronyFault::kSequence);
  if (command != static_cast<std::uint16_t>(shape.command))
    return std::unexpected(ChronyFault::kCommand);
  if (status == kNoSuchSourceStatus) return std::unexpected(ChronyFault::kNoSuchSource);
  if (status != kSuccess) return std::unexpected(ChronyFault::kStatus);
  if (type != shape.type) return std::unexpected(ChronyFault::kReplyType);
  if (reply.size() != shape.length) return std::unexpected(ChronyFault::kLength);
  return Reader{reply.subspan(kReplyHeader)};
}

double take_float(Reader& reader) noexcept { return chrony_float(reader.take<std::uint32_t>()); }

// The family follows the octets. Nothing for a family that does not exist.
std::optional<ChronyAddress> take_address(Reader& reader) noexcept {
  ChronyAddress address;
  const auto octets = reader.take_octets(address.octets.size());
  const auto family = reader.take<std::uint16_t>();
  reader.skip(2);
  if (!reader.fits() || family > 3) return std::nullopt;
  address.kind = static_cast<ChronyAddressKind>(family);
  constexpr std::array<std::size_t, 4> kUsed{0, 4, 16, 4};
  for (std::size_t i = 0; i < kUsed[family]; ++i)
    address.octets[i] = std::to_integer<std::uint8_t>(octets[i]);
  return address;
}

// False where the time is none.
bool take_time(Reader& reader, Tracking& tracking) noexcept {
  const auto upper = reader.take<std::uint32_t>();
  const auto lower = reader.take<std::uint32_t>();
  tracking.reference_nanoseconds = reader.take<std::uint32_t>();
  const std::uint64_t seconds =
      upper == kNoUpperSeconds ? lower : std::uint64_t{upper} << 32U | lower;
  tracking.reference_seconds = static_cast<std::int64_t>(seconds);
  return tracking.reference_nanoseconds < 1'000'000'000;
}

// A refclock's reference id comes in the place of an IPv4 address.
bool sort_address(SourceData& source) noexcept {
  if (source.mode != ChronySourceMode::kReference)
    return source.address.kind != ChronyAddressKind::kNone;
  if (source.address.kind != ChronyAddressKind::kIpv4) return false;
  for (std::size_t i = 0; i < 4; ++i)
    source.reference_id = source.reference_id << 8U | source.address.octets[i];
  source.address = {};
  return true;
}

}  // namespace

double chrony_float(std::uint32_t bits) noexcept {
  constexpr unsigned kCoefficientBits = 25;
  const std::int32_t exponent = static_cast<std::int32_t>(bits) >> kCoefficientBits;
  const std::int32_t coefficient =
      static_cast<std::int32_t>(bits << (32U - kCoefficientBits)) >> (32U - kCoefficientBits);
  return std::ldexp(coefficient, exponent - static_cast<int>(kCoefficientBits));
}

std::size_t write_tracking_request(std::span<std::byte> out, std::uint32_t sequence) noexcept {
  return write_request(out, kTrackingReply, sequence, std::nullopt);
}

std::size_t write_source_count_request(std::span<std::byte> out, std::uint32_t sequence) noexcept {
  return write_request(out, kSourceCountReply, sequence, std::nullopt);
}

std::size_t write_source_data_request(std::span<std::byte> out, std::uint32_t sequence,
                                      std::uint32_t index) noexcept {
  return write_request(out, kSourceDataReply, sequence, index);
}

std::optional<std::uint32_t> chrony_sequence(std::span<const std::byte> reply) noexcept {
  if (reply.size() < kReplyHeader) return std::nullopt;
  return Reader{reply.subspan(kSequenceAt)}.take<std::uint32_t>();
}

std::expected<Tracking, ChronyFault> read_tracking(std::span<const std::byte> reply,
                                                   std::uint32_t sequence) noexcept {
  auto reader = open_reply(reply, kTrackingReply, sequence);
  if (!reader) return std::unexpected(reader.error());
  Tracking tracking;
  tracking.reference_id = reader->take<std::uint32_t>();
  const auto address = take_address(*reader);
  const auto stratum = reader->take<std::uint16_t>();
  const auto leap = reader->take<std::uint16_t>();
  const bool has_time = take_time(*reader, tracking);
  if (!address || !has_time || stratum > 16 || leap > 3)
    return std::unexpected(ChronyFault::kValue);
  tracking.address = *address;
  tracking.stratum = static_cast<std::uint8_t>(stratum);
  tracking.leap = static_cast<clock::LeapIndicator>(leap);
  for (double* value :
       {&tracking.current_correction, &tracking.last_offset, &tracking.rms_offset,
        &tracking.frequency, &tracking.residual_frequency, &tracking.skew, &tracking.root_delay,
        &tracking.root_dispersion, &tracking.last_update_interval})
    *value = take_float(*reader);
  if (tracking.root_delay < 0 || tracking.root_dispersion < 0)
    return std::unexpected(ChronyFault::kValue);
  return tracking;
}

std::expected<std::uint32_t, ChronyFault> read_source_count(std::span<const std::byte> reply,
                                                            std::uint32_t sequence) noexcept {
  auto reader = open_reply(reply, kSourceCountReply, sequence);
  if (!reader) return std::unexpected(reader.error());
  return reader->take<std::uint32_t>();
}

std::expected<SourceData, ChronyFault> read_source_data(std::span<const std::byte> reply,
                                                        std::uint32_t sequence) noexcept {
  auto reader = open_reply(reply, kSourceDataReply, sequence);
  if (!reader) return std::unexpected(reader.error());
  SourceData source;
  const auto address = take_address(*reader);
  source.poll = reader->take<std::int16_t>();
  source.stratum = reader->take<std::uint16_t>();
  const auto state = reader->take<std::uint16_t>();
  const auto mode = reader->take<std::uint16_t>();
  source.flags = reader->take<std::uint16_t>();
  const auto reachability = reader->take<std::uint16_t>();
  const auto age = reader->take<std::uint32_t>();
  if (!address || source.stratum > 16 || state > 5 || mode > 2 || reachability > 0xff)
    return std::unexpected(ChronyFault::kValue);
  source.address = *address;
  source.state = static_cast<ChronySourceState>(state);
  source.mode = static_cast<ChronySourceMode>(mode);
  source.reachability = static_cast<std::uint8_t>(reachability);
  if (age != kNever) source.sample_age = std::chrono::seconds{age};
  // chronyd counts a clock that is ahead of the source as positive.
  source.original_offset = -take_float(*reader);
  source.offset = -take_float(*reader);
  source.error = take_float(*reader);
  if (!sort_address(source) || source.error < 0) return std::unexpected(ChronyFault::kValue);
  return source;
}

}  // namespace pollux::message
