#include "nts/core/ke_record.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "dataplane/wire/be.h"

namespace pollux::nts {

namespace {

constexpr std::uint16_t kCriticalBit = 0x8000;
constexpr std::size_t kLongestBody = std::numeric_limits<std::uint16_t>::max();

}  // namespace

std::optional<RecordHeader> first_header(std::span<const std::byte> octets) noexcept {
  if (octets.size() < kRecordHeaderLength) return std::nullopt;
  const std::uint16_t first = wire::load_be16(octets.data());
  return RecordHeader{
      .critical = (first & kCriticalBit) != 0,
      .type = static_cast<RecordType>(first & ~kCriticalBit),
      .body_length = wire::load_be16(octets.data() + 2),
  };
}

std::optional<Record> first_record(std::span<const std::byte> octets) noexcept {
  const auto header = first_header(octets);
  if (!header || octets.size() < header->length()) return std::nullopt;
  return Record{
      .critical = header->critical,
      .type = header->type,
      .body = octets.subspan(kRecordHeaderLength, header->body_length),
  };
}

void RecordWriter::add(RecordType type, bool critical, std::span<const std::byte> body) noexcept {
  const auto room = buffer_.subspan(used_);
  if (body.size() > kLongestBody || room.size() < kRecordHeaderLength + body.size())
    overflowed_ = true;
  if (overflowed_) return;
  const auto first = static_cast<std::uint16_t>(std::to_underlying(type) |
                                                (critical ? kCriticalBit : std::uint16_t{0}));
  wire::store_be16(room.data(), first);
  wire::store_be16(room.data() + 2, static_cast<std::uint16_t>(body.size()));
  std::ranges::copy(body, room.begin() + kRecordHeaderLength);
  used_ += kRecordHeaderLength + body.size();
}

void RecordWriter::add_number(RecordType type, bool critical, std::uint16_t number) noexcept {
  std::array<std::byte, sizeof number> body{};
  wire::store_be16(body.data(), number);
  add(type, critical, body);
}

}  // namespace pollux::nts
