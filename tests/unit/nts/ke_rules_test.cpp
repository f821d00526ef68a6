// Requests and their answers over real TLS, whole and in pieces.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/nts/ke_fixture.h"

namespace pollux::nts {
namespace {

using test::KeEnd;
using test::KeRecord;
using test::Octets;
using test::octets_of;
using test::record;

constexpr const char* kGood15 = "c1:0000 c4:000f 5[100]x8 c0:";
constexpr const char* kGood30 = "c1:0000 c4:001e 5[68]x8 c0:";
constexpr const char* kGood30Compliant = "c1:0000 c4:001e 1024: 5[68]x8 c0:";
constexpr const char* kNoneInCommon = "c1:0000 c4: c0:";
constexpr const char* kNoProtocol = "c1: c0:";
constexpr const char* kCritical = "c2:0000 c0:";
constexpr const char* kBad = "c2:0001 c0:";

// An answer in one line, cookies as their length and number.
std::string shape(const Octets& answer) {
  std::string text;
  std::size_t cookies = 0;
  const auto records = test::records_of(answer);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool is_cookie = records[i].type == 5 && !records[i].critical;
    const bool goes_on = is_cookie && i + 1 < records.size() && records[i + 1].type == 5 &&
                         records[i + 1].body.size() == records[i].body.size();
    cookies += is_cookie ? 1 : 0;
    if (goes_on) continue;
    text += text.empty() ? "" : " ";
    text += is_cookie
                ? "5[" + std::to_string(records[i].body.size()) + "]x" + std::to_string(cookies)
                : test::to_text({records[i]});
    cookies = 0;
  }
  return octets_of(records) == answer ? text : text + " and more";
}

struct Row {
  const char* name;
  Octets request;
  std::string answer;
};

KeRecord bodied(bool critical, std::uint16_t type, const std::string& body) {
  return {.critical = critical, .type = type, .body = Octets(body.begin(), body.end())};
}

const KeRecord kNtpv4 = record(true, 1, {0});
const KeRecord kAead15 = record(true, 4, {15});
const KeRecord kEnd = record(true, 0);

Octets with_tail(Octets octets, const Octets& tail) {
  test::put(octets, tail);
  return octets;
}

// A good request of so many octets: unknown records that are not critical fill it.
Octets of_length(std::size_t length) {
  std::vector<KeRecord> records{kNtpv4, kAead15};
  const std::size_t filler = length - octets_of({kNtpv4, kAead15, kEnd}).size() - 4;
  records.push_back({.type = 0x3000, .body = Octets(filler)});
  records.push_back(kEnd);
  return octets_of(records);
}

Octets of_records(std::size_t number) {
  std::vector<KeRecord> records{kNtpv4, kAead15};
  records.resize(number - 1, record(false, 0x3000));
  records.push_back(kEnd);
  return octets_of(records);
}

// Requests that are answered with keys, or with what is missing for that.
std::vector<Row> good_rows() {
  return {
      {"usual", test::usual_request(), kGood15},
      {"AEAD 30 first, chrony before record 1024", test::usual_request({30, 15}), kGood30},
      {"AEAD 30 and record 1024",
       octets_of({kNtpv4, record(true, 4, {30, 15}), record(false, 1024), kEnd}), kGood30Compliant},
      {"AEAD 15 and record 1024", octets_of({kNtpv4, kAead15, record(false, 1024), kEnd}), kGood15},
      {"AEAD 15 first", test::usual_request({15, 30}), kGood15},
      {"15 behind unknown algorithms", test::usual_request({16, 17, 1, 15}), kGood15},
      {"AEAD before the protocol", octets_of({kAead15, kNtpv4, kEnd}), kGood15},
      {"AEAD not critical", octets_of({kNtpv4, record(false, 4, {15}), kEnd}), kGood15},
      {"NTPv4 behind another protocol", octets_of({record(true, 1, {0x8001, 0}), kAead15, kEnd}),
       kGood15},
      {"unknown record", octets_of({kNtpv4, record(false, 0x2345, {1}), kAead15, kEnd}), kGood15},
      {"server and port",
       octets_of({kNtpv4, kAead15, bodied(true, 6, "192.0.2.1"), record(true, 7, {123}), kEnd}),
       kGood15},
      {"1024 octets", of_length(1024), kGood15},
      {"4096 octets", of_length(4096), kGood15},
      {"64 records", of_records(64), kGood15},
      {"no algorithm in common", test::usual_request({16, 17}), kNoneInCommon},
      {"no protocol in common", octets_of({record(true, 1, {1, 0x8001}), kAead15, kEnd}),
       kNoProtocol},
      {"no protocol in common, no AEAD", octets_of({record(true, 1, {1}), kEnd}), kNoProtocol},
  };
}

std::vector<Row> bad_rows() {
  return {
      {"unknown critical record", octets_of({kNtpv4, kAead15, record(true, 0x2345), kEnd}),
       kCritical},
      {"Error in a request", octets_of({kNtpv4, kAead15, record(true, 2, {1}), kEnd}), kBad},
      {"Warning in a request", octets_of({kNtpv4, kAead15, record(true, 3, {1}), kEnd}), kBad},
      {"cookie in a request", octets_of({kNtpv4, kAead15, bodied(false, 5, "cookie"), kEnd}), kBad},
      {"nothing but the end", octets_of({kEnd}), kBad},
      {"no protocol", octets_of({kAead15, kEnd}), kBad},
      {"no AEAD", octets_of({kNtpv4, kEnd}), kBad},
      {"protocol twice", octets_of({kNtpv4, kNtpv4, kAead15, kEnd}), kBad},
      {"AEAD twice", octets_of({kNtpv4, kAead15, kAead15, kEnd}), kBad},
      {"protocol not critical", octets_of({record(false, 1, {0}), kAead15, kEnd}), kBad},
      {"no protocol in the list", octets_of({record(true, 1), kAead15, kEnd}), kBad},
      {"no algorithm in the list", octets_of({kNtpv4, record(true, 4), kEnd}), kBad},
      {"half a protocol", octets_of({bodied(true, 1, "abc"), kAead15, kEnd}), kBad},
      {"half an algorithm", octets_of({kNtpv4, bodied(true, 4, "abc"), kEnd}), kBad},
      {"end not critical", octets_of({kNtpv4, kAead15, record(false, 0)}), kBad},
      {"end with a body", octets_of({kNtpv4, kAead15, record(true, 0, {0})}), kBad},
      {"server that is none", octets_of({kNtpv4, kAead15, bodied(false, 6, "two words"), kEnd}),
       kBad},
      {"port of three octets", octets_of({kNtpv4, kAead15, bodied(false, 7, "abc"), kEnd}), kBad},
      {"record 1024 with a body", octets_of({kNtpv4, kAead15, record(false, 1024, {1}), kEnd}),
       kBad},
      {"4097 octets", of_length(4097), kBad},
      {"65 records", of_records(65), kBad},
  };
}

// Octets behind the end are seen where they come with it: once it has answered the server does not
// look at more. And the first one, in small pieces, would be more than is read of any client.
std::vector<Row> rows_sent_whole() {
  return {{"record longer than any request",
           octets_of({kNtpv4, {.type = 9, .body = Octets(65535)}}), kBad},
          {"octets behind the end", with_tail(test::usual_request(), {0}), kBad},
          {"a second message", with_tail(test::usual_request(), test::usual_request()), kBad}};
}

class KeRules : public testing::Test {
 protected:
  void expect(const Row& row, std::size_t part) {
    const auto heard = server_.ask(row.request, part);
    EXPECT_EQ(shape(heard.octets), row.answer) << row.name << ", parts of " << part;
    EXPECT_EQ(heard.end, KeEnd::kCloseNotify) << row.name << ", parts of " << part;
  }

  KeServer server_;
};

TEST_F(KeRules, GoodRequests) {
  for (const Row& row : good_rows()) expect(row, 16384);
}

TEST_F(KeRules, BadRequests) {
  for (const Row& row : bad_rows()) expect(row, 16384);
  for (const Row& row : rows_sent_whole()) expect(row, 16384);
}

// RFC 8915 §4: records may be split over any TLS records.
TEST_F(KeRules, AnySplit) {
  for (const auto& rows : {good_rows(), bad_rows()}) {
    for (const Row& row : rows) {
      expect(row, row.request.size() < 200 ? 1 : 7);
      expect(row, 3);
    }
  }
  const Row usual = good_rows().front();
  for (std::size_t part = 1; part < usual.request.size(); ++part) expect(usual, part);
}

// The longest request, a TLS record and a segment around each octet of it.
TEST_F(KeRules, OctetByOctet) {
  for (const Row& row :
       {Row{"1024", of_length(1024), kGood15}, Row{"4096", of_length(4096), kGood15}})
    expect(row, 1);
}

TEST_F(KeRules, CountsWhatItDid) {
  for (const Row& row : good_rows()) server_.ask(row.request);
  for (const Row& row : bad_rows()) server_.ask(row.request);
  EXPECT_TRUE(server_.settles());
  const auto good = good_rows().size();
  const auto bad = bad_rows().size();
  EXPECT_EQ(server_.count(Count::kAccepted), good + bad);
  EXPECT_EQ(server_.count(Count::kEstablished), good - 3);
  EXPECT_EQ(server_.count(Count::kCookies), 8 * (good - 3));
  EXPECT_EQ(server_.count(Count::kNoCommonAead), 3U);
  EXPECT_EQ(server_.count(Count::kBadRequests), bad);
  EXPECT_EQ(server_.count(Count::kErrorsSent), bad);
  EXPECT_EQ(server_.count(Count::kTlsFailures), 0U);
  EXPECT_EQ(server_.count(Count::kTimeouts), 0U);
}

// What the context says of cookies, server and port.
TEST_F(KeRules, ContextIsTakenAtTheRequest) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  server_.context().cookies = 3;
  server_.context().server = "ntp.example";
  server_.context().port = 1123;
  server_.context().ring = known_ring(0x55667788);
  server_.apply();
  ASSERT_TRUE(client->send(test::usual_request()));
  const auto heard = client->hear();
  EXPECT_EQ(shape(heard.octets), "c1:0000 c4:000f c6:6e74702e6578616d706c65 c7:0463 5[100]x3 c0:");
  for (const auto& one : test::records_of(heard.octets)) {
    if (one.type != 5) continue;
    EXPECT_EQ(test::get(one.body, 0, 4), 0x5566778aU);
  }
}

// RFC 8915 §4.1.3: 2, where the server cannot.
TEST_F(KeRules, InternalError) {
  server_.context().ring.reset();
  server_.apply();
  EXPECT_EQ(shape(server_.ask(test::usual_request()).octets), "c2:0002 c0:");
  EXPECT_EQ(server_.count(Count::kErrorsSent), 1U);
  EXPECT_EQ(server_.count(Count::kBadRequests), 0U);
  EXPECT_EQ(shape(server_.ask(test::usual_request({16})).octets), kNoneInCommon);
}

}  // namespace
}  // namespace pollux::nts
