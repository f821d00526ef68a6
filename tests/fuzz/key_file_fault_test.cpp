// The harness of key files finds each of these faults with the seeds of its corpus.
#include <gtest/gtest.h>

#include "tests/fuzz/key_file.h"

namespace pollux::test {
namespace {

std::string faults_of(const KeyFileSubject& subject) {
  std::string faults;
  for (const auto& input : corpus_inputs())
    faults += faults_of_key_file(subject, {input.octets.begin(), input.octets.end()});
  return faults;
}

void expect_found(const KeyFileSubject& subject, const std::string& fault) {
  const auto faults = faults_of(subject);
  EXPECT_NE(faults.find(fault), std::string::npos) << "found only: " << faults;
}

KeyFileOutcome right(const std::string& text) { return key_file_subject().parse(text); }

KeyFileSubject parsing(std::function<KeyFileOutcome(const std::string& text)> parse) {
  auto subject = key_file_subject();
  subject.parse = std::move(parse);
  return subject;
}

KeyFileSubject writing(std::function<std::string(const KeyFileContent& content)> write) {
  auto subject = key_file_subject();
  subject.write = std::move(write);
  return subject;
}

TEST(KeyFileHarness, HasNothingAgainstTheRealOne) { EXPECT_EQ(faults_of(key_file_subject()), ""); }

TEST(KeyFileHarness, FindsAParserThatTakesTooMuch) {
  // As chronyd does: what follows the last key, a missing end of the last line.
  expect_found(parsing([](const std::string& text) {
                 const auto zeros = text.find('\0');
                 return right(text.substr(0, zeros));
               }),
               "took a bad file");
  expect_found(parsing([](const std::string& text) {
                 return right(text.ends_with('\n') || text.empty() ? text : text + '\n');
               }),
               "took a bad file");
}

TEST(KeyFileHarness, FindsAParserThatTakesTooLittle) {
  expect_found(parsing([](const std::string& text) {
                 const bool has_small = text.find_first_of("abcdef") != std::string::npos;
                 return has_small ? KeyFileOutcome{.line = 3, .problem = "small"} : right(text);
               }),
               "refused a good file: small");
}

TEST(KeyFileHarness, FindsAParserThatReadsSomethingElse) {
  expect_found(parsing([](const std::string& text) {
                 auto outcome = right(text);
                 if (outcome.content) outcome.content->keys[3].key[31] ^= 1U;
                 return outcome;
               }),
               "other keys or another age");
  expect_found(parsing([](const std::string& text) {
                 auto outcome = right(text);
                 if (outcome.content) outcome.content->age = 0;
                 return outcome;
               }),
               "other keys or another age");
}

TEST(KeyFileHarness, FindsARefusalThatSaysNothing) {
  expect_found(parsing([](const std::string& text) {
                 auto outcome = right(text);
                 outcome.problem.clear();
                 return outcome;
               }),
               "refused without a problem");
  expect_found(parsing([](const std::string& text) {
                 auto outcome = right(text);
                 outcome.line = 0;
                 return outcome;
               }),
               "a problem without its line");
  expect_found(parsing([](const std::string& text) {
                 auto outcome = right(text);
                 outcome.line = 9;
                 return outcome;
               }),
               "a line that is not there");
}

TEST(KeyFileHarness, FindsAWriterThatChronydWouldNotRead) {
  expect_found(writing(chronyd_44_key_file), "not written as chronyd 4.3 writes it");
  expect_found(writing([](const KeyFileContent& content) {
                 auto swapped = content;
                 std::swap(swapped.keys[0], swapped.keys[1]);
                 return chronyd_43_key_file(swapped);
               }),
               "not read as it was written");
}

}  // namespace
}  // namespace pollux::test
