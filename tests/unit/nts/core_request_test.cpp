// Requests for keys, octets to outcome, whole and in pieces.
#include "nts/core/ke_request.h"

#include <gtest/gtest.h>

#include "tests/support/ke_runner.h"

namespace pollux::test {
namespace {

Octets protocols(std::initializer_list<std::uint16_t> numbers) {
  return ke_numbers(kRecordProtocols, true, numbers);
}
Octets aeads(std::initializer_list<std::uint16_t> numbers) {
  return ke_numbers(kRecordAeads, true, numbers);
}
Octets server(std::string_view name) { return ke_text(kRecordServer, false, name); }
Octets port(std::uint16_t number) { return ke_numbers(kRecordPort, false, {number}); }

// The records and the end of the message.
Octets ended(std::initializer_list<Octets> records) {
  Octets message = ke_message(records);
  put(message, ke_end());
  return message;
}

std::string outcome(const Octets& octets) { return describe(read_request({octets})); }

struct Row {
  const char* what;
  Octets octets;
  const char* outcome;
};

void expect(std::initializer_list<Row> rows) {
  for (const auto& row : rows) {
    EXPECT_EQ(outcome(row.octets), row.outcome) << row.what;
    EXPECT_EQ(describe(judge_ke_request(row.octets)), row.outcome) << "reference: " << row.what;
  }
}

TEST(KeRequest, IsTakenWhereItKeepsTheRules) {
  expect({
      {"chronyd's and ntpsec's", usual_ke_request(), "complete, NTPv4, AEAD 15"},
      {"the octets of it", from_hex("80010002 0000 80040002 000f 80000000"),
       "complete, NTPv4, AEAD 15"},
      {"AEAD not critical", ended({protocols({0}), ke_numbers(kRecordAeads, false, {15})}),
       "complete, NTPv4, AEAD 15"},
      {"AEAD before the protocol", ended({aeads({15}), protocols({0})}),
       "complete, NTPv4, AEAD 15"},
      {"the client's first choice", usual_ke_request({30, 15}), "complete, NTPv4, AEAD 30"},
      {"the other one", usual_ke_request({15, 30}), "complete, NTPv4, AEAD 15"},
      {"behind unknown ones", usual_ke_request({17, 16, 0xffff, 30, 15}),
       "complete, NTPv4, AEAD 30"},
      {"none in common", usual_ke_request({16, 17}), "complete, NTPv4"},
      {"NTPv4 among others", ended({protocols({0x8001, 0, 7}), aeads({15})}),
       "complete, NTPv4, AEAD 15"},
      {"no NTPv4", ended({protocols({0x8001})}), "complete"},
      {"no NTPv4 but an AEAD", ended({protocols({0x8001}), aeads({15})}), "complete"},
      {"the same protocol twice", ended({protocols({0, 0}), aeads({15, 15})}),
       "complete, NTPv4, AEAD 15"},
  });
}

TEST(KeRequest, MayHaveRecord1024) {
  const auto compliant = ke_record(kRecordCompliant, false, {});
  expect({
      {"with AEAD 30", ended({protocols({0}), aeads({30}), compliant}),
       "complete, NTPv4, AEAD 30, compliant"},
      {"first", ended({compliant, protocols({0}), aeads({30})}),
       "complete, NTPv4, AEAD 30, compliant"},
      {"critical: it is known here",
       ended({protocols({0}), aeads({30}), ke_record(kRecordCompliant, true, {})}),
       "complete, NTPv4, AEAD 30, compliant"},
      {"twice", ended({protocols({0}), compliant, aeads({30}), compliant}),
       "complete, NTPv4, AEAD 30, compliant"},
      {"with a body", ended({protocols({0}), aeads({30}), ke_record(kRecordCompliant, false, {0})}),
       "error 1"},
  });
}

TEST(KeRequest, MayAskForAServerAndAPort) {
  expect({
      {"both", ended({protocols({0}), aeads({15}), server("192.0.2.1"), port(1123)}),
       "complete, NTPv4, AEAD 15, server 192.0.2.1"},
      {"the server first", ended({server("ntp.example."), protocols({0}), aeads({15})}),
       "complete, NTPv4, AEAD 15, server ntp.example."},
      {"critical",
       ended({protocols({0}), aeads({15}), ke_text(kRecordServer, true, "2001:db8::1"),
              ke_numbers(kRecordPort, true, {0})}),
       "complete, NTPv4, AEAD 15, server 2001:db8::1"},
      {"a port alone", ended({protocols({0}), aeads({15}), port(123)}), "complete, NTPv4, AEAD 15"},
      {"no text", ended({protocols({0}), aeads({15}), server("")}), "error 1"},
      {"a zone", ended({protocols({0}), aeads({15}), server("fe80::1%eth0")}), "error 1"},
      {"not ASCII", ended({protocols({0}), aeads({15}), server("zeit.\xc3\xb6.example")}),
       "error 1"},
      {"a NUL behind it",
       ended({protocols({0}), aeads({15}), server(std::string_view{"ntp\0", 4})}), "error 1"},
      {"two servers", ended({protocols({0}), aeads({15}), server("a"), server("a")}), "error 1"},
      {"two ports", ended({protocols({0}), aeads({15}), port(123), port(123)}), "error 1"},
      {"an empty port", ended({protocols({0}), aeads({15}), ke_record(kRecordPort, false, {})}),
       "error 1"},
      {"a long port",
       ended({protocols({0}), aeads({15}), ke_record(kRecordPort, false, {0, 0, 123})}), "error 1"},
  });
}

// RFC 8915 §4 and §4.1.2.
TEST(KeRequest, HasOneProtocolRecord) {
  expect({
      {"none", ended({aeads({15})}), "error 1"},
      {"nothing at all", ke_end(), "error 1"},
      {"two", ended({protocols({0}), protocols({0}), aeads({15})}), "error 1"},
      {"two that differ", ended({protocols({0x8001}), aeads({15}), protocols({0})}), "error 1"},
      {"not critical", ended({ke_numbers(kRecordProtocols, false, {0}), aeads({15})}), "error 1"},
      {"empty", ended({protocols({}), aeads({15})}), "error 1"},
      {"half a number", ended({ke_record(kRecordProtocols, true, {0}), aeads({15})}), "error 1"},
      {"one and a half", ended({ke_record(kRecordProtocols, true, {0, 0, 0}), aeads({15})}),
       "error 1"},
  });
}

// RFC 8915 §4.1.5.
TEST(KeRequest, HasOneAeadRecordWithNtpv4) {
  expect({
      {"none", ended({protocols({0})}), "error 1"},
      {"none beside other protocols", ended({protocols({9, 0})}), "error 1"},
      {"two", ended({protocols({0}), aeads({15}), aeads({15})}), "error 1"},
      {"two before the protocol", ended({aeads({15}), aeads({30}), protocols({0})}), "error 1"},
      {"two without NTPv4", ended({protocols({9}), aeads({15}), aeads({15})}), "error 1"},
      {"empty", ended({protocols({0}), aeads({})}), "error 1"},
      {"empty without NTPv4", ended({protocols({9}), aeads({})}), "error 1"},
      {"half a number", ended({protocols({0}), ke_record(kRecordAeads, true, {15})}), "error 1"},
      {"one and a half", ended({protocols({0}), ke_record(kRecordAeads, true, {0, 15, 0})}),
       "error 1"},
  });
}

// RFC 8915 §4.1.3, §4.1.4 and §4.1.6.
TEST(KeRequest, HasNoRecordThatIsAServers) {
  for (const bool critical : {false, true}) {
    expect({
        {"error", ended({protocols({0}), aeads({15}), ke_record(kRecordError, critical, {0, 1})}),
         "error 1"},
        {"warning",
         ended({protocols({0}), aeads({15}), ke_record(kRecordWarning, critical, {0, 0})}),
         "error 1"},
        {"cookie",
         ended({protocols({0}), aeads({15}), ke_record(kRecordCookie, critical, Octets(100))}),
         "error 1"},
        {"no body", ended({ke_record(kRecordCookie, critical, {}), protocols({0}), aeads({15})}),
         "error 1"},
    });
  }
}

// RFC 8915 §4 and §4.1.3.
TEST(KeRequest, MayHaveUnknownRecords) {
  for (const auto type :
       std::initializer_list<std::uint16_t>{8, 99, 1023, 1025, 0x3fff, 0x4000, 0x7fff}) {
    expect({
        {"not critical",
         ended({ke_record(type, false, Octets(9)), protocols({0}), ke_record(type, false, {}),
                aeads({15}), ke_record(type, false, Octets(1'000))}),
         "complete, NTPv4, AEAD 15"},
        {"critical", ended({protocols({0}), aeads({15}), ke_record(type, true, {})}), "error 0"},
        {"critical and first", ended({ke_record(type, true, {1}), protocols({0}), aeads({15})}),
         "error 0"},
    });
  }
}

TEST(KeRequest, IsRefusedForItsFirstFault) {
  expect({
      {"unknown, then malformed", ended({ke_record(99, true, {}), aeads({}), protocols({0})}),
       "error 0"},
      {"malformed, then unknown", ended({aeads({}), ke_record(99, true, {}), protocols({0})}),
       "error 1"},
      {"unknown and too long", ke_record(99, true, Octets(0xffff)), "error 0"},
      {"unknown without a protocol", ended({ke_record(99, true, {})}), "error 0"},
  });
}

// RFC 8915 §4.1.1.
TEST(KeRequest, EndsWithTheEndOfTheMessage) {
  const auto records = ke_message({protocols({0}), aeads({15})});
  const auto with = [&records](const Octets& more) { return ke_message({records, more}); };
  expect({
      {"no end", records, "incomplete"},
      {"not critical", with(ke_record(kRecordEnd, false, {})), "error 1"},
      {"with a body", with(ke_record(kRecordEnd, true, {0})), "error 1"},
      {"twice", with(ke_message({ke_end(), ke_end()})), "error 1"},
      {"an octet behind it", with(ke_message({ke_end(), {0}})), "error 1"},
      {"a record behind it", with(ke_message({ke_end(), port(123)})), "error 1"},
      {"nothing", {}, "incomplete"},
  });
}

TEST(KeRequest, StaysRefused) {
  const auto bad = ended({protocols({})});
  EXPECT_EQ(describe(read_request({bad, usual_ke_request()})), "error 1");
  const auto unknown = ended({ke_record(99, true, {})});
  EXPECT_EQ(describe(read_request({unknown, usual_ke_request(), bad})), "error 0");
}

TEST(KeRequest, IsRefusedForOctetsThatComeAfterItsEnd) {
  EXPECT_EQ(describe(read_request({usual_ke_request(), {}})), "complete, NTPv4, AEAD 15");
  EXPECT_EQ(describe(read_request({usual_ke_request(), {0}})), "error 1");
  EXPECT_EQ(describe(read_request({usual_ke_request(), usual_ke_request()})), "error 1");
}

TEST(KeRequest, IsNoOtherHoweverItIsSplit) {
  const auto whole =
      ended({aeads({30, 15}), ke_record(77, false, {1, 2, 3}), protocols({0}),
             server("ntp.example.org"), port(1123), ke_record(kRecordCompliant, false, {})});
  const std::string expected = "complete, NTPv4, AEAD 30, compliant, server ntp.example.org";
  for (std::size_t first = 0; first <= whole.size(); ++first)
    for (std::size_t second = 0; second <= whole.size() - first; ++second)
      ASSERT_EQ(describe(read_request(ke_reads(whole, {first, second}))), expected)
          << first << ' ' << second;
  EXPECT_EQ(describe(read_request(ke_reads(whole, std::vector<std::size_t>(whole.size(), 1)))),
            expected);
}

TEST(KeRequest, IsIncompleteUntilItsLastOctet) {
  const auto whole = ended({protocols({0}), aeads({15}), server("ntp.example.org")});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(outcome(slice(whole, 0, size)), "incomplete") << size;
}

}  // namespace
}  // namespace pollux::test
