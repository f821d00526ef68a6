#include "tests/fuzz/ke_request.h"

#include <algorithm>
#include <array>

#include "nts/core/ke_response.h"
#include "tests/support/ke_runner.h"

namespace pollux::test {

namespace {

std::uint64_t accepted = 0;

Octets rewritten(const Octets& octets) {
  std::vector<std::byte> buffer(octets.size());
  nts::RecordWriter writer{buffer};
  auto rest = bytes_of(octets);
  while (const auto record = nts::first_record(rest)) {
    writer.add(record->type, record->critical, record->body);
    rest = rest.subspan(record->length());
  }
  return octets_of(writer.written());
}

Octets answered(const KeVerdict& verdict, const KeReplyRules& rules) {
  if (verdict.state == KeState::kRefused) {
    std::array<std::byte, 10> room{};
    return octets_of(nts::write_error(static_cast<nts::KeError>(*verdict.error), room));
  }
  nts::KeRequest request{.offers_ntpv4 = verdict.offers_ntpv4,
                         .compliant_gcm_siv_exporter = verdict.compliant};
  if (verdict.aead) request.aead = nts::known_aead(static_cast<std::uint16_t>(*verdict.aead));
  const std::size_t length = request.aead ? nts::cookie_length(*request.aead) : 0;
  const std::vector<std::byte> cookies(rules.cookies * length, std::byte{0xc0});
  std::vector<std::byte> room(nts::kLargestResponse);
  const auto reply = nts::write_response(
      request,
      {.cookies = cookies, .server = rules.server, .port = static_cast<std::uint16_t>(rules.port)},
      room);
  return reply ? octets_of(*reply) : Octets{};
}

// The size of the whole records in front.
std::size_t size_of_records(const Octets& octets) {
  std::size_t at = 0;
  while (octets.size() - at >= 4 && octets.size() - at - 4 >= get(octets, at + 2, 2))
    at += 4 + get(octets, at + 2, 2);
  return at;
}

std::string faults_of_splits(const KeSubject& subject, const KeVerdict& expected,
                             const Octets& request, const std::vector<std::size_t>& sizes) {
  std::string faults;
  const auto compare = [&](const char* how, const std::vector<Octets>& reads) {
    const auto verdict = subject.read(reads);
    if (verdict != expected)
      faults += how + (": " + describe(verdict)) + " instead of " + describe(expected) + "; ";
  };
  compare("at once", {request});
  compare("in reads", ke_reads(request, sizes));
  // Of large ones a few octets each, which is quicker.
  const std::size_t step = 1 + request.size() / 256;
  compare("in small reads", ke_reads(request, std::vector<std::size_t>(256, step)));
  return faults;
}

// What follows an end is refused, and nothing follows a refusal.
std::string faults_of_more(const KeSubject& subject, const KeVerdict& verdict,
                           const Octets& request) {
  if (verdict.state == KeState::kIncomplete) return "";
  const auto more = subject.read({request, ke_end()});
  const unsigned error = verdict.error.value_or(1);
  if (more.state != KeState::kRefused || more.error != error)
    return "with more: " + describe(more) + "; ";
  return "";
}

KeReplyRules rules_of(const Octets& control) {
  constexpr std::array<const char*, 4> kServers{"", "192.0.2.1", "2001:db8::1", "ntp.example."};
  return {.server = kServers[control[0] % 4],
          .port = control[1] % 2 == 0 ? 123U : 1000U + control[1],
          .cookies = 1U + control[2] % 8U};
}

}  // namespace

KeSubject ke_subject() { return {.read = read_request, .rewrite = rewritten, .answer = answered}; }

std::string faults_of_ke_input(const KeSubject& subject, const Octets& input) {
  if (input.size() < kKeControlOctets) return "";
  const auto control = slice(input, 0, kKeControlOctets);
  const auto request = slice(input, kKeControlOctets, input.size() - kKeControlOctets);
  const auto expected = judge_ke_request(request);
  if (expected.state == KeState::kComplete) ++accepted;

  std::string faults =
      faults_of_splits(subject, expected, request, {control.begin(), control.end()});
  faults += faults_of_more(subject, expected, request);
  if (subject.rewrite(request) != slice(request, 0, size_of_records(request)))
    faults += "records are not written as they were read; ";
  if (expected.state == KeState::kIncomplete) return faults;
  const auto rules = rules_of(control);
  const auto reply = subject.answer(expected, rules);
  return faults + (expected.error ? faults_of_ke_error(*expected.error, reply)
                                  : faults_of_ke_reply(expected, reply, rules));
}

std::string faults_of_input(const Octets& input) {
  static const KeSubject subject = ke_subject();
  return faults_of_ke_input(subject, input);
}

std::uint64_t inputs_accepted() { return accepted; }

Octets make_ke_input(const Octets& sizes, const Octets& request) {
  Octets input = sizes;
  input.resize(kKeControlOctets);
  put(input, request);
  return input;
}

}  // namespace pollux::test
