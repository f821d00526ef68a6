// The harness of requests for keys finds each of these faults with the seeds of its corpus.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fuzz/ke_request.h"

namespace pollux::test {
namespace {

// Everything that the seeds show of a subject.
std::string faults_of(const KeSubject& subject) {
  std::string faults;
  for (const auto& input : corpus_inputs()) faults += faults_of_ke_input(subject, input.octets);
  return faults;
}

// The real subject, but for what it makes of the reads.
KeSubject reading(std::function<KeVerdict(const std::vector<Octets>& reads)> read) {
  auto subject = ke_subject();
  subject.read = std::move(read);
  return subject;
}

KeSubject answering(std::function<Octets(const KeVerdict&, const KeReplyRules&)> answer) {
  auto subject = ke_subject();
  subject.answer = std::move(answer);
  return subject;
}

KeVerdict right(const std::vector<Octets>& reads) { return ke_subject().read(reads); }

// Tells a subject that is wrong from the real one.
void expect_found(const KeSubject& subject, const std::string& fault) {
  const auto faults = faults_of(subject);
  EXPECT_NE(faults.find(fault), std::string::npos) << "found only: " << faults;
}

TEST(KeHarness, HasNothingAgainstTheRealOne) { EXPECT_EQ(faults_of(ke_subject()), ""); }

TEST(KeHarness, FindsAReaderThatForgetsReads) {
  expect_found(reading([](const auto& reads) { return right({reads.front()}); }),
               "in reads: incomplete instead of complete");
}

TEST(KeHarness, FindsAReaderThatDoesNotLookBehindTheEnd) {
  expect_found(reading([](const auto& reads) {
                 const auto first = right({reads.front()});
                 return first.state == KeState::kIncomplete ? right(reads) : first;
               }),
               "with more: complete");
}

TEST(KeHarness, FindsAReaderThatGivesUpAtManyReads) {
  expect_found(reading([](const auto& reads) {
                 return reads.size() < 9 ? right(reads)
                                         : KeVerdict{.state = KeState::kRefused, .error = 1};
               }),
               "in small reads: error 1 instead of complete");
}

TEST(KeHarness, FindsAReaderThatTakesBadRequests) {
  expect_found(reading([](const auto& reads) {
                 auto verdict = right(reads);
                 if (verdict.state == KeState::kRefused) verdict = {.state = KeState::kComplete};
                 return verdict;
               }),
               "at once: complete instead of error 1");
}

TEST(KeHarness, FindsAReaderThatNamesAnotherError) {
  expect_found(reading([](const auto& reads) {
                 auto verdict = right(reads);
                 if (verdict.error) verdict.error = 1;
                 return verdict;
               }),
               "at once: error 1 instead of error 0");
}

TEST(KeHarness, FindsAReaderThatChoosesAnotherAead) {
  expect_found(reading([](const auto& reads) {
                 auto verdict = right(reads);
                 if (verdict.aead) verdict.aead = 15;
                 return verdict;
               }),
               "AEAD 15 instead of complete, NTPv4, AEAD 30");
}

TEST(KeHarness, FindsAReaderThatLosesRecord1024OrTheServer) {
  expect_found(reading([](const auto& reads) {
                 auto verdict = right(reads);
                 verdict.compliant = false;
                 verdict.server.clear();
                 return verdict;
               }),
               "instead of complete, NTPv4, AEAD 30, compliant");
}

TEST(KeHarness, FindsAWriterThatLosesTheCriticalBit) {
  auto subject = ke_subject();
  subject.rewrite = [](const Octets& octets) {
    auto again = ke_subject().rewrite(octets);
    if (!again.empty()) again[0] = static_cast<std::uint8_t>(again[0] & 0x7fU);
    return again;
  };
  expect_found(subject, "records are not written as they were read");
}

// An answer with something done to it, where it has anything.
KeSubject answering_changed(std::function<void(Octets& reply)> change) {
  return answering([change](const KeVerdict& request, const KeReplyRules& rules) {
    auto reply = ke_subject().answer(request, rules);
    change(reply);
    return reply;
  });
}

TEST(KeHarness, FindsAnAnswerThatIsNotWhole) {
  expect_found(answering_changed(
                   [](Octets& reply) { reply.resize(std::max<std::size_t>(reply.size(), 4) - 4); }),
               "no end, or not at the end");
  expect_found(answering_changed([](Octets& reply) { reply.push_back(0); }), "no whole records");
  expect_found(answering_changed([](Octets& reply) { put(reply, ke_record(99, false, {})); }),
               "records too many");
}

TEST(KeHarness, FindsAnAnswerWithOtherCookies) {
  expect_found(answering([](const KeVerdict& request, KeReplyRules rules) {
                 rules.cookies = rules.cookies % 8 + 1;
                 return ke_subject().answer(request, rules);
               }),
               "cookies: wrong number");
  expect_found(answering([](KeVerdict request, const KeReplyRules& rules) {
                 if (request.aead) request.aead = 45U - *request.aead;
                 return ke_subject().answer(request, rules);
               }),
               "cookie: wrong length");
}

TEST(KeHarness, FindsAnAnswerThatEchoesWhatWasNotSent) {
  expect_found(answering([](KeVerdict request, const KeReplyRules& rules) {
                 request.compliant = true;
                 return ke_subject().answer(request, rules);
               }),
               "record 1024");
}

TEST(KeHarness, FindsAnAnswerWithAnotherServerPortOrError) {
  expect_found(answering([](const KeVerdict& request, KeReplyRules rules) {
                 rules.server = "192.0.2.9";
                 rules.port = 124;
                 return ke_subject().answer(request, rules);
               }),
               "server");
  expect_found(answering([](KeVerdict request, const KeReplyRules& rules) {
                 if (request.error) request.error = 2;
                 return ke_subject().answer(request, rules);
               }),
               "error: not what it has to be");
}

}  // namespace
}  // namespace pollux::test
