#include "tests/fuzz/key_file.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "nts/core/key_file.h"

namespace pollux::test {

namespace {

constexpr std::size_t kLongestFile = 1'024;
constexpr double kGreatestAge = 999'999'999'999'999;  // that is written

std::uint64_t accepted = 0;

KeyFileOutcome parsed(const std::string& text) {
  const auto file = nts::parse_key_file(text);
  if (!file) return {.line = file.error().line, .problem = std::string{file.error().problem}};
  KeyFileContent content{.age = file->age_seconds};
  const auto keys = file->ring.keys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    content.keys[i].id = keys[i].id;
    std::memcpy(content.keys[i].key.data(), keys[i].key.data(), keys[i].key.size());
  }
  return {.content = content};
}

std::string written(const KeyFileContent& content) {
  std::array<nts::CookieKey, nts::kRingKeys> keys;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i].id = content.keys[i].id;
    std::memcpy(keys[i].key.data(), content.keys[i].key.data(), keys[i].key.size());
  }
  const auto ring = nts::KeyRing::from_keys(keys);
  if (!ring) return "no ring";
  std::array<char, nts::kLargestKeyFile> buffer{};
  return {buffer.data(), nts::write_key_file(*ring, content.age, buffer)};
}

std::string faults_of_refusal(const KeyFileOutcome& outcome, const std::string& text) {
  std::string faults;
  const auto ends = static_cast<unsigned>(std::ranges::count(text, '\n'));
  if (outcome.line > ends + 1) faults += "a problem in a line that is not there; ";
  if ((outcome.line == 0) != (text.size() > kLongestFile)) faults += "a problem without its line; ";
  if (outcome.problem.empty()) faults += "refused without a problem; ";
  return faults;
}

}  // namespace

KeyFileSubject key_file_subject() { return {.parse = parsed, .write = written}; }

std::string faults_of_key_file(const KeyFileSubject& subject, const std::string& text) {
  const auto outcome = subject.parse(text);
  const auto expected = key_file_content(text);
  if (expected.has_value() != outcome.content.has_value())
    return expected ? "refused a good file: " + outcome.problem + "; " : "took a bad file; ";
  if (!expected) return faults_of_refusal(outcome, text);
  ++accepted;
  std::string faults;
  if (outcome.content != expected) faults += "other keys or another age; ";
  auto rounded = *expected;
  rounded.age = std::min(rounded.age, kGreatestAge);
  const auto again = subject.write(*expected);
  if (again != chronyd_43_key_file(rounded)) faults += "not written as chronyd 4.3 writes it; ";
  rounded.age = std::strtod(again.c_str() + std::strlen("NKS0\n15 "), nullptr);
  if (subject.parse(again).content != rounded) faults += "not read as it was written; ";
  for (std::size_t size = 0; size < text.size(); size += 1 + text.size() / 16)
    if (subject.parse(text.substr(0, text.size() - 1 - size)).content) faults += "took a part; ";
  return faults;
}

std::string faults_of_input(const Octets& input) {
  static const KeyFileSubject subject = key_file_subject();
  return faults_of_key_file(subject, {input.begin(), input.end()});
}

std::uint64_t inputs_accepted() { return accepted; }

std::vector<CorpusInput> corpus_inputs() {
  Random random{1};
  KeyFileContent content{.age = 86'399.9};
  for (std::size_t i = 0; i < content.keys.size(); ++i) {
    auto& key = content.keys[i];
    key.id = static_cast<std::uint32_t>(random.next() << 2U | (i + 3) % 4);
    std::ranges::copy(random.octets(key.key.size()), key.key.begin());
  }
  const auto octets = [](const std::string& text) { return Octets{text.begin(), text.end()}; };
  const auto old_form = chronyd_43_key_file(content);
  const auto new_form = chronyd_44_key_file(content);
  std::string small = new_form;
  std::ranges::transform(small, small.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string other = new_form;
  other.replace(other.size() - 3, 2, "30");
  auto misplaced = content;
  misplaced.keys[2].id ^= 1U;
  auto oldest = content;
  oldest.age = kGreatestAge;
  std::string nearly_nothing = new_form;
  nearly_nothing.replace(5, std::strlen("86399.9"), "0." + std::string(316, '0') + "16");
  return {
      {"nks0", octets(old_form)},
      {"nks1", octets(new_form)},
      {"nks1_small_digits", octets(small)},
      {"nks1_algorithm_30", octets(other)},
      {"nks0_misplaced", octets(chronyd_43_key_file(misplaced))},
      {"nks1_oldest", octets(chronyd_44_key_file(oldest))},
      {"nks1_age_of_nearly_nothing", octets(nearly_nothing)},
      {"nks0_half", octets(old_form.substr(0, 150))},
      {"nks0_no_end", octets(old_form.substr(0, old_form.size() - 1))},
      {"nks0_more", octets(old_form + "\n")},
      {"nks0_zeros", octets(old_form + std::string(16, '\0'))},
      {"too_long", octets(old_form + std::string(1'024, ' '))},
      {"empty", {}},
  };
}

}  // namespace pollux::test
