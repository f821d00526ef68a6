// chronyd's files of cookie keys, written as chronyd does and read a second time, without a line of
// the code under test. Pure; for tests only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace pollux::test {

struct KeyFileContent {
  struct Key {
    std::uint32_t id = 0;
    std::array<std::uint8_t, 32> key{};

    friend bool operator==(const Key&, const Key&) = default;
  };
  std::array<Key, 4> keys;
  double age = 0;  // in seconds, below 10^15

  friend bool operator==(const KeyFileContent&, const KeyFileContent&) = default;
};

// Nothing where a strict reader has to refuse the text.
[[nodiscard]] std::optional<KeyFileContent> key_file_content(const std::string& text);

[[nodiscard]] std::string chronyd_43_key_file(const KeyFileContent& content);
[[nodiscard]] std::string chronyd_44_key_file(const KeyFileContent& content);

}  // namespace pollux::test
