#include "tests/support/ke_messages.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>

namespace pollux::test {

namespace {

constexpr std::size_t kHeader = 4;
constexpr std::size_t kMostOctets = 4096;
constexpr std::size_t kMostRecords = 64;
constexpr unsigned kUnrecognizedCriticalRecord = 0;
constexpr unsigned kBadRequest = 1;

struct RawRecord {
  unsigned type = 0;
  bool critical = false;
  std::size_t length = 0;  // of the body
  Octets body;             // as far as it is there
  std::size_t at = 0;

  [[nodiscard]] bool is_whole() const { return body.size() == length; }
};

// Everything that begins with a whole header, up to the end of the message.
std::vector<RawRecord> records_of(const Octets& octets) {
  std::vector<RawRecord> records;
  std::size_t at = 0;
  while (octets.size() - at >= kHeader) {
    const auto first = get(octets, at, 2);
    const std::size_t length = get(octets, at + 2, 2);
    const std::size_t there = std::min(length, octets.size() - at - kHeader);
    records.push_back({.type = static_cast<unsigned>(first % 0x8000),
                       .critical = first >= 0x8000,
                       .length = length,
                       .body = slice(octets, at + kHeader, there),
                       .at = at});
    at += kHeader + there;
    if (records.back().type == kRecordEnd || !records.back().is_whole()) break;
  }
  return records;
}

std::vector<unsigned> numbers_of(const RawRecord& record) {
  std::vector<unsigned> numbers;
  for (std::size_t at = 0; at + 2 <= record.body.size(); at += 2)
    numbers.push_back(static_cast<unsigned>(get(record.body, at, 2)));
  return numbers;
}

bool holds(const std::vector<unsigned>& numbers, unsigned number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

// What the records of a request have said so far, by their types.
using Said = std::map<unsigned, RawRecord>;

bool offers_ntpv4(const Said& said) {
  const auto found = said.find(kRecordProtocols);
  return found != said.end() && holds(numbers_of(found->second), 0);
}

bool is_good_length(unsigned type, std::size_t length) {
  switch (type) {
    case kRecordProtocols:
    case kRecordAeads:
      return length >= 2 && length % 2 == 0;
    case kRecordServer:
      return length >= 1 && length <= 254;
    case kRecordPort:
      return length == 2;
    case kRecordEnd:
    case kRecordCompliant:
      return length == 0;
    default:
      return true;
  }
}

std::optional<unsigned> header_error(const RawRecord& record, const Said& said,
                                     std::size_t number) {
  constexpr std::array<unsigned, 3> kServersOnly{kRecordError, kRecordWarning, kRecordCookie};
  const bool is_known = record.type <= kRecordPort || record.type == kRecordCompliant;
  if (!is_known && record.critical) return kUnrecognizedCriticalRecord;
  const bool must_be_critical = record.type == kRecordEnd || record.type == kRecordProtocols;
  const bool is_again = record.type != kRecordCompliant && said.contains(record.type);
  const bool is_bad = std::ranges::find(kServersOnly, record.type) != kServersOnly.end() ||
                      (must_be_critical && !record.critical) || (is_known && is_again) ||
                      !is_good_length(record.type, record.length);
  if (is_bad) return kBadRequest;
  if (record.type == kRecordEnd) {
    if (!said.contains(kRecordProtocols)) return kBadRequest;
    if (offers_ntpv4(said) && !said.contains(kRecordAeads)) return kBadRequest;
  }
  const std::size_t end_records = record.type == kRecordEnd ? 0 : 1;
  const std::size_t octets = record.at + kHeader + record.length + kHeader * end_records;
  if (octets > kMostOctets || number + end_records > kMostRecords) return kBadRequest;
  return std::nullopt;
}

KeVerdict refused(unsigned error) { return {.state = KeState::kRefused, .error = error}; }

KeVerdict complete(const Said& said) {
  KeVerdict verdict{.state = KeState::kComplete, .offers_ntpv4 = offers_ntpv4(said)};
  verdict.compliant = said.contains(kRecordCompliant);
  if (const auto server = said.find(kRecordServer); server != said.end())
    verdict.server = {server->second.body.begin(), server->second.body.end()};
  if (!verdict.offers_ntpv4) return verdict;
  for (const unsigned number : numbers_of(said.at(kRecordAeads)))
    if (!verdict.aead && (number == 15 || number == 30)) verdict.aead = number;
  return verdict;
}

std::vector<std::string> labels_of(std::string name) {
  std::vector<std::string> labels;
  for (;;) {
    const auto dot = name.find('.');
    labels.push_back(name.substr(0, dot));
    if (dot == std::string::npos) return labels;
    name.erase(0, dot + 1);
  }
}

bool is_label(const std::string& label) {
  const auto stranger =
      label.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
  return !label.empty() && label.size() < 64 && stranger == std::string::npos &&
         !label.starts_with('-') && !label.ends_with('-');
}

bool is_domain_name(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  if (name.size() > 253) return false;
  const auto labels = labels_of(name);
  return std::ranges::all_of(labels, is_label) &&
         labels.back().find_first_not_of("0123456789") != std::string::npos;
}

}  // namespace

Octets ke_record(std::uint16_t type, bool critical, const Octets& body) {
  Octets record;
  put16(record, type + (critical ? 0x8000U : 0U));
  put16(record, body.size());
  put(record, body);
  return record;
}

Octets ke_numbers(std::uint16_t type, bool critical, std::initializer_list<std::uint16_t> numbers) {
  Octets body;
  for (const auto number : numbers) put16(body, number);
  return ke_record(type, critical, body);
}

Octets ke_text(std::uint16_t type, bool critical, std::string_view text) {
  return ke_record(type, critical, {text.begin(), text.end()});
}

Octets ke_end() { return ke_record(kRecordEnd, true, {}); }

Octets ke_message(std::initializer_list<Octets> records) {
  Octets message;
  for (const auto& record : records) put(message, record);
  return message;
}

Octets usual_ke_request(std::initializer_list<std::uint16_t> aeads) {
  return ke_message(
      {ke_numbers(kRecordProtocols, true, {0}), ke_numbers(kRecordAeads, true, aeads), ke_end()});
}

std::vector<Octets> ke_reads(const Octets& octets, const std::vector<std::size_t>& sizes) {
  std::vector<Octets> reads;
  std::size_t at = 0;
  for (const auto wanted : sizes) {
    const std::size_t size = std::min(wanted, octets.size() - at);
    reads.push_back(slice(octets, at, size));
    at += size;
  }
  reads.push_back(slice(octets, at, octets.size() - at));
  return reads;
}

KeVerdict judge_ke_request(const Octets& octets) {
  Said said;
  std::size_t number = 0;
  for (const auto& record : records_of(octets)) {
    if (const auto error = header_error(record, said, ++number)) return refused(*error);
    if (record.type == kRecordEnd) {
      const bool is_last = record.at + kHeader == octets.size();
      return is_last ? complete(said) : refused(kBadRequest);
    }
    if (!record.is_whole()) break;
    if (record.type == kRecordServer && !may_name_server({record.body.begin(), record.body.end()}))
      return refused(kBadRequest);
    said.insert_or_assign(record.type, record);
  }
  return {};
}

std::string describe(const KeVerdict& verdict) {
  switch (verdict.state) {
    case KeState::kIncomplete:
      return "incomplete";
    case KeState::kRefused:
      return "error " + std::to_string(verdict.error.value_or(99));
    default:
      return std::string{"complete"} + (verdict.offers_ntpv4 ? ", NTPv4" : "") +
             (verdict.aead ? ", AEAD " + std::to_string(*verdict.aead) : "") +
             (verdict.compliant ? ", compliant" : "") +
             (verdict.server.empty() ? "" : ", server " + verdict.server);
  }
}

bool may_name_server(const std::string& text) {
  if (text.find('\0') != std::string::npos) return false;
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1 || is_domain_name(text);
}

}  // namespace pollux::test
