#include "nts/core/ke_request.h"

#include <algorithm>
#include <utility>

#include "dataplane/wire/be.h"
#include "nts/core/server_name.h"

namespace pollux::nts {

namespace {

constexpr std::uint16_t kNtpv4 = 0;  // RFC 8915 §7.7
constexpr std::size_t kNumberLength = sizeof(std::uint16_t);

std::uint16_t number_at(std::span<const std::byte> body, std::size_t at) noexcept {
  return wire::load_be16(body.data() + at);
}

bool offers_ntpv4(std::span<const std::byte> protocols) noexcept {
  for (std::size_t at = 0; at < protocols.size(); at += kNumberLength)
    if (number_at(protocols, at) == kNtpv4) return true;
  return false;
}

std::optional<AeadId> first_known(std::span<const std::byte> algorithms) noexcept {
  for (std::size_t at = 0; at < algorithms.size(); at += kNumberLength)
    if (const auto id = known_aead(number_at(algorithms, at))) return id;
  return std::nullopt;
}

// RFC 8915 §4.1.2, §4.1.5: a request names at least one.
bool is_list(const RecordHeader& header) noexcept {
  return header.body_length != 0 && header.body_length % kNumberLength == 0;
}

}  // namespace

KeRequestReader::State KeRequestReader::take(std::span<const std::byte> octets) noexcept {
  if (octets.empty() || state_ == State::kRefused) return state_;
  const auto taken = octets.first(std::min(octets.size(), buffer_.size() - filled_));
  std::ranges::copy(taken, buffer_.begin() + static_cast<std::ptrdiff_t>(filled_));
  filled_ += taken.size();
  // Ends before the buffer is full or in one of the other states, see leaves_room().
  while (state_ == State::kIncomplete && take_record()) {
  }
  // RFC 8915 §4.1.1: the end of the message is the final record.
  if (state_ == State::kComplete && (parsed_ < filled_ || taken.size() < octets.size()))
    refuse(KeError::kBadRequest);
  return state_;
}

bool KeRequestReader::take_record() noexcept {
  const auto rest = std::span{buffer_}.first(filled_).subspan(parsed_);
  const auto header = first_header(rest);
  if (!header) return false;
  if (const auto error = fault_of(*header)) {
    refuse(*error);
    return false;
  }
  const auto record = first_record(rest);
  if (!record) return false;
  parsed_ += record->length();
  ++records_;
  accept(*record);
  return true;
}

std::optional<KeError> KeRequestReader::fault_of(const RecordHeader& header) const noexcept {
  switch (header.type) {
    case RecordType::kEndOfMessage:
    case RecordType::kNextProtocol:
    case RecordType::kAead:
    case RecordType::kServer:
    case RecordType::kPort:
    case RecordType::kCompliantGcmSivExporter:
      if (is_malformed(header)) return KeError::kBadRequest;
      break;
    case RecordType::kError:  // RFC 8915 §4.1.3, §4.1.4, §4.1.6: a client must not send these.
    case RecordType::kWarning:
    case RecordType::kNewCookie:
      return KeError::kBadRequest;
    default:
      // RFC 8915 §4, §4.1.3. Both this error and kBadRequest are musts; where a request earns
      // both, the first one counts.
      if (header.critical) return KeError::kUnrecognizedCriticalRecord;
  }
  // RFC 8915 §4: a server may limit the length. What is too long is never complete.
  if (!leaves_room(header)) return KeError::kBadRequest;
  return std::nullopt;
}

// What the header of a known record can say of its form, its place and its number.
bool KeRequestReader::is_malformed(const RecordHeader& header) const noexcept {
  switch (header.type) {
    case RecordType::kEndOfMessage: {
      const bool lacks_aead = request_.offers_ntpv4 && !had(RecordType::kAead);  // §4.1.5
      return !header.critical || header.body_length != 0 ||                      // §4.1.1
             !had(RecordType::kNextProtocol) || lacks_aead;                      // §4, §4.1.2
    }
    case RecordType::kNextProtocol:
      return had(header.type) || !header.critical || !is_list(header);  // §4, §4.1.2
    case RecordType::kAead:
      // §4.1.5: once with NTPv4. Without it the RFC is silent, but two lists contradict each other.
      return had(header.type) || !is_list(header);
    case RecordType::kServer:  // §4.1.7
      return had(header.type) || header.body_length > kLongestServerName;
    case RecordType::kPort:
      // §4.1.8. It is silent on a second one, which would contradict the first.
      return had(header.type) || header.body_length != kNumberLength;
    default:
      // Record 1024 is defined without a body. A second one says the same again.
      return header.body_length != 0;
  }
}

// Behind every record but the last one there must be room for the end of the message. So a request
// that goes beyond a limit is refused at the header that shows it, and a full buffer never waits
// for more.
bool KeRequestReader::leaves_room(const RecordHeader& header) const noexcept {
  const bool is_end = header.type == RecordType::kEndOfMessage;
  const std::size_t length = header.length() + (is_end ? 0 : kRecordHeaderLength);
  const std::size_t records = is_end ? 1 : 2;
  return parsed_ + length <= kLargestRequest && records_ + records <= kMostRecords;
}

bool KeRequestReader::had(RecordType type) const noexcept {
  return wire::has_bit(types_, std::to_underlying(type));
}

void KeRequestReader::accept(const Record& record) noexcept {
  switch (record.type) {
    case RecordType::kEndOfMessage:
      if (!request_.offers_ntpv4) request_.aead.reset();
      state_ = State::kComplete;
      return;
    case RecordType::kNextProtocol:
      request_.offers_ntpv4 = offers_ntpv4(record.body);
      break;
    case RecordType::kAead:
      request_.aead = first_known(record.body);
      break;
    case RecordType::kServer:
      request_.server = {reinterpret_cast<const char*>(record.body.data()), record.body.size()};
      // RFC 8915 §4.1.7: what it must be; anything else is not well-formed (§4.1.3).
      if (!is_server_name(request_.server)) refuse(KeError::kBadRequest);
      break;
    case RecordType::kPort:  // honouring it is optional (§4.1.8)
      break;
    case RecordType::kCompliantGcmSivExporter:
      request_.compliant_gcm_siv_exporter = true;
      return;
    default:
      return;  // unknown and not critical: ignored (§4)
  }
  types_ = static_cast<std::uint8_t>(types_ | 1U << std::to_underlying(record.type));
}

void KeRequestReader::refuse(KeError error) noexcept {
  error_ = error;
  state_ = State::kRefused;
}

}  // namespace pollux::nts
