// The invariants of key files, for any octets. For the programs in this folder only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/fuzz/harness.h"
#include "tests/support/key_file_text.h"

namespace pollux::test {

struct KeyFileOutcome {
  std::optional<KeyFileContent> content;
  unsigned line = 0;  // where there is no content
  std::string problem;
};

// What is tested, so that a test can put something wrong in its place.
struct KeyFileSubject {
  std::function<KeyFileOutcome(const std::string& text)> parse;
  std::function<std::string(const KeyFileContent& content)> write;
};

[[nodiscard]] KeyFileSubject key_file_subject();
[[nodiscard]] std::string faults_of_key_file(const KeyFileSubject& subject,
                                             const std::string& text);

}  // namespace pollux::test
