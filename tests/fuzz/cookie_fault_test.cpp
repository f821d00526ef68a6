// The harness of cookies finds each of these faults with the seeds of its corpus.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fuzz/cookie.h"

namespace pollux::test {
namespace {

std::string faults_of(const CookieSubject& subject) {
  std::string faults;
  for (const auto& input : corpus_inputs()) faults += faults_of_cookie(subject, input.octets);
  return faults;
}

void expect_found(const CookieSubject& subject, const std::string& fault) {
  const auto faults = faults_of(subject);
  EXPECT_NE(faults.find(fault), std::string::npos) << "found only: " << faults;
}

// The real subject with something done to what it parses.
CookieSubject parsing_changed(const std::function<void(CookieParts& parts)>& change) {
  auto subject = cookie_subject();
  subject.parse = [change](const Octets& cookie) {
    auto parts = cookie_subject().parse(cookie);
    if (parts) change(*parts);
    return parts;
  };
  return subject;
}

TEST(CookieHarness, HasNothingAgainstTheRealOne) { EXPECT_EQ(faults_of(cookie_subject()), ""); }

TEST(CookieHarness, FindsAParserThatTakesAnotherLength) {
  auto subject = cookie_subject();
  subject.parse = [](const Octets& cookie) {
    auto padded = cookie;
    if (padded.size() == 99) padded.push_back(0);
    return cookie_subject().parse(padded);
  };
  expect_found(subject, "another length");
}

TEST(CookieHarness, FindsAParserThatMixesUpTheParts) {
  expect_found(parsing_changed([](CookieParts& parts) { parts.aead = 15; }), "another AEAD");
  expect_found(parsing_changed([](CookieParts& parts) { ++parts.key_id; }), "not the parts");
  expect_found(parsing_changed([](CookieParts& parts) { std::ranges::reverse(parts.nonce); }),
               "not the parts");
  expect_found(parsing_changed([](CookieParts& parts) { parts.sealed.pop_back(); }),
               "not the parts");
}

TEST(CookieHarness, FindsAWriterThatWritesElsewhere) {
  auto subject = cookie_subject();
  subject.write = [](const Octets& cookie, std::uint32_t key_id, const Octets& nonce) {
    auto written = cookie_subject().write(cookie, key_id, nonce);
    written[20] = static_cast<std::uint8_t>(written[20] + 1);
    return written;
  };
  expect_found(subject, "header is not written in its place");
}

}  // namespace
}  // namespace pollux::test
