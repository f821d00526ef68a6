#include "ptp/clock/leap.h"

#include <charconv>

namespace pollux::clock {

namespace {

using std::chrono::seconds;

constexpr std::string_view kBlanks = " \t\r";

// TAI - UTC will not reach it before the year 3000, and sums of nanoseconds stay within 64 bits.
constexpr seconds kLargestOffset{1'000};

UtcTime from_ntp_seconds(std::int64_t count) noexcept {
  return UtcTime{seconds{count - kUnixEpochInNtpSeconds}};
}

// Takes a decimal number off the front of `text`.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
  const auto start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // 2^33 s of NTP time are in the year 2172: nanoseconds hold them.
  if (error != std::errc{} || value < 0 || value > std::int64_t{1} << 33) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Nothing more than a comment follows.
bool ends(std::string_view rest) noexcept {
  const auto start = rest.find_first_not_of(kBlanks);
  return start == std::string_view::npos || rest[start] == '#';
}

// The served scale leaves the old offset one second before midnight when that second is deleted.
TaiTime jump(UtcTime midnight, seconds old_offset, seconds change) noexcept {
  const seconds early{change.count() < 0 ? 1 : 0};
  return TaiTime{midnight.time_since_epoch() - early + old_offset};
}

}  // namespace

std::optional<Leap> leap_tonight(LeapIndicator announced, TaiTime now,
                                 seconds tai_minus_utc) noexcept {
  if (announced != LeapIndicator::kInsert && announced != LeapIndicator::kDelete)
    return std::nullopt;
  const auto utc = to_utc(now, tai_minus_utc).time_since_epoch();
  const auto midnight = std::chrono::floor<std::chrono::days>(utc) + std::chrono::days{1};
  const seconds change{announced == LeapIndicator::kInsert ? 1 : -1};
  return Leap{.at = jump(UtcTime{midnight}, tai_minus_utc, change), .change = change};
}

std::expected<LeapTable, LeapTable::Failure> LeapTable::parse(std::string_view text) noexcept {
  LeapTable table;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (const auto taken = table.take_line(line); !taken)
      return std::unexpected{Failure{.error = taken.error(), .line = number}};
  }
  if (!table.has_expiry_ || table.count_ == 0)
    return std::unexpected{Failure{.error = Error::kNoExpiry, .line = number}};
  return table;
}

std::expected<void, LeapTable::Error> LeapTable::take_line(std::string_view line) noexcept {
  if (line.starts_with("#@")) {
    line.remove_prefix(2);
    const auto instant = take_number(line);
    if (!instant || !ends(line)) return std::unexpected{Error::kSyntax};
    expires_ = from_ntp_seconds(*instant);
    has_expiry_ = true;
    return {};
  }
  if (line.starts_with('#') || line.find_first_not_of(kBlanks) == std::string_view::npos) return {};
  return take_entry(line);
}

std::expected<void, LeapTable::Error> LeapTable::take_entry(std::string_view line) noexcept {
  const auto instant = take_number(line);
  const auto offset = instant ? take_number(line) : std::nullopt;
  if (!offset || seconds{*offset} > kLargestOffset || !ends(line))
    return std::unexpected{Error::kSyntax};
  if (count_ == kMaximumEntries) return std::unexpected{Error::kTooLong};
  const Entry entry{.from = from_ntp_seconds(*instant), .offset = seconds{*offset}};
  if (count_ != 0) {
    const Entry& last = entries_[count_ - 1];
    const auto change = entry.offset - last.offset;
    if (entry.from <= last.from || (change != seconds{1} && change != seconds{-1}))
      return std::unexpected{Error::kOrder};
  }
  entries_[count_++] = entry;
  return {};
}

Leap LeapTable::leap_to(std::size_t entry) const noexcept {
  const seconds old_offset = entries_[entry - 1].offset;
  const seconds change = entries_[entry].offset - old_offset;
  return {.at = jump(entries_[entry].from, old_offset, change), .change = change};
}

seconds LeapTable::offset_at(TaiTime time) const noexcept {
  std::size_t entry = count_ - 1;
  while (entry > 0 && time < leap_to(entry).at) --entry;
  return entries_[entry].offset;
}

std::optional<Leap> LeapTable::next_after(TaiTime time) const noexcept {
  for (std::size_t entry = 1; entry < count_; ++entry) {
    const Leap leap = leap_to(entry);
    if (leap.at > time) return leap;
  }
  return std::nullopt;
}

}  // namespace pollux::clock
