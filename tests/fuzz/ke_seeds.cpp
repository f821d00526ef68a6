// What the corpus of ke_request is written from: requests of every kind that a server tells apart.
#include "tests/fuzz/ke_request.h"

namespace pollux::test {

namespace {

Octets protocols(std::initializer_list<std::uint16_t> numbers) {
  return ke_numbers(kRecordProtocols, true, numbers);
}
Octets aeads(std::initializer_list<std::uint16_t> numbers) {
  return ke_numbers(kRecordAeads, true, numbers);
}

// A usual request with one more record.
Octets with(const Octets& record, std::uint16_t aead = 15) {
  return ke_message({protocols({0}), aeads({aead}), record, ke_end()});
}

Octets repeated(const Octets& record, std::size_t count) {
  Octets all;
  for (std::size_t i = 0; i < count; ++i) put(all, record);
  return all;
}

std::vector<CorpusInput> good() {
  const auto compliant = ke_record(kRecordCompliant, false, {});
  return {
      {"usual", usual_ke_request()},
      {"aead_30_first", usual_ke_request({30, 15})},
      {"aead_unknown", usual_ke_request({16, 17})},
      {"aead_before_protocol", ke_message({aeads({15}), protocols({0}), ke_end()})},
      {"compliant", with(compliant, 30)},
      {"compliant_with_15", with(compliant)},
      {"no_ntpv4", ke_message({protocols({0x8001}), ke_end()})},
      {"more_protocols", ke_message({protocols({0x8001, 0}), aeads({15}), ke_end()})},
      {"unknown", with(ke_record(99, false, Octets(40, 1)))},
      {"server_ipv4", with(ke_text(kRecordServer, false, "192.0.2.1"))},
      {"server_ipv6", with(ke_text(kRecordServer, false, "2001:db8::192.0.2.1"))},
      {"server_name", with(ke_message({ke_text(kRecordServer, true, "xn--zit-hma.example."),
                                       ke_numbers(kRecordPort, false, {1123})}))},
      {"most_records", with(repeated(ke_record(99, false, {}), 61))},
      {"largest", with(ke_record(99, false, Octets(4'096 - 16 - 4)))},
  };
}

std::vector<CorpusInput> bad() {
  return {
      {"empty", {}},
      {"no_end", ke_message({protocols({0}), aeads({15})})},
      {"end_alone", ke_end()},
      {"end_not_critical",
       ke_message({protocols({0}), aeads({15}), ke_record(kRecordEnd, false, {})})},
      {"end_with_body",
       ke_message({protocols({0}), aeads({15}), ke_record(kRecordEnd, true, {0})})},
      {"behind_end", ke_message({usual_ke_request(), {0}})},
      {"two_requests", ke_message({usual_ke_request(), usual_ke_request()})},
      {"no_protocol", ke_message({aeads({15}), ke_end()})},
      {"no_aead", ke_message({protocols({0}), ke_end()})},
      {"two_protocols", ke_message({protocols({0}), protocols({0}), aeads({15}), ke_end()})},
      {"two_aeads", with(aeads({15}))},
      {"odd_list", with(ke_record(kRecordAeads, true, Octets(3)))},
      {"empty_list", ke_message({protocols({}), aeads({}), ke_end()})},
      {"protocol_not_critical",
       ke_message({ke_numbers(kRecordProtocols, false, {0}), aeads({15}), ke_end()})},
      {"unknown_critical", with(ke_record(99, true, {1}))},
      {"error", with(ke_record(kRecordError, true, {0, 1}))},
      {"warning", with(ke_record(kRecordWarning, true, {0, 0}))},
      {"cookie", with(ke_record(kRecordCookie, false, Octets(100)))},
      {"compliant_with_body", with(ke_record(kRecordCompliant, false, {0}), 30)},
      {"server_bad", with(ke_text(kRecordServer, false, "300.1.1.1"))},
      {"server_zone", with(ke_text(kRecordServer, false, "fe80::1%eth0"))},
      {"port_short", with(ke_record(kRecordPort, false, {0}))},
      {"too_many_records", with(repeated(ke_record(99, false, {}), 62))},
      {"too_large", with(ke_record(99, false, Octets(4'096 - 16 - 3)))},
  };
}

}  // namespace

std::vector<CorpusInput> corpus_inputs() {
  auto inputs = good();
  for (auto& input : bad()) inputs.push_back(std::move(input));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto turn = static_cast<std::uint8_t>(i);
    inputs[i].octets =
        make_ke_input({turn, static_cast<std::uint8_t>(turn % 7), 3, 1}, inputs[i].octets);
  }
  return inputs;
}

}  // namespace pollux::test
