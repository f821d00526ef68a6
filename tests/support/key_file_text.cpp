#include "tests/support/key_file_text.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace pollux::test {

namespace {

constexpr std::size_t kLongestFile = 1'024;

// All lines; nothing where the last one has no end.
std::optional<std::vector<std::string>> lines_of(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  if (!lines.back().empty()) return std::nullopt;
  lines.pop_back();
  return lines;
}

bool has_only(const std::string& text, const char* allowed) {
  return text.find_first_not_of(allowed) == std::string::npos;
}

constexpr const char* kDigits = "0123456789";
constexpr const char* kHexDigits = "0123456789abcdefABCDEF";

std::optional<double> age_of(const std::string& text) {
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  const auto part = dot == std::string::npos ? "0" : text.substr(dot + 1);
  if (whole.empty() || part.empty() || !has_only(whole, kDigits) || !has_only(part, kDigits))
    return std::nullopt;
  if (whole.size() > 15 || part.size() > 9) return std::nullopt;
  return std::strtod(text.c_str(), nullptr);
}

// A line of 73 characters, "ID KEY".
std::optional<KeyFileContent::Key> key_of(const std::string& line) {
  if (line.size() != 73 || line[8] != ' ') return std::nullopt;
  if (!has_only(line.substr(0, 8) + line.substr(9), kHexDigits)) return std::nullopt;
  KeyFileContent::Key key{
      .id = static_cast<std::uint32_t>(std::strtoul(line.substr(0, 8).c_str(), nullptr, 16))};
  for (std::size_t i = 0; i < key.key.size(); ++i)
    key.key[i] =
        static_cast<std::uint8_t>(std::strtoul(line.substr(9 + 2 * i, 2).c_str(), nullptr, 16));
  return key;
}

// "ID KEY" with the digits that chronyd writes.
std::string key_line(const KeyFileContent::Key& key) {
  std::array<char, 80> line{};
  std::snprintf(line.data(), line.size(), "%08X ", key.id);
  std::string text{line.data()};
  for (const unsigned octet : key.key) {
    std::snprintf(line.data(), line.size(), "%02X", octet);
    text += line.data();
  }
  return text + '\n';
}

}  // namespace

std::optional<KeyFileContent> key_file_content(const std::string& text) {
  const auto lines = lines_of(text);
  if (text.size() > kLongestFile || !lines || lines->size() != 6) return std::nullopt;
  const bool is_old = lines->front() == "NKS0";
  if (!is_old && lines->front() != "NKS1") return std::nullopt;
  if (is_old && !(*lines)[1].starts_with("15 ")) return std::nullopt;
  const auto age = age_of((*lines)[1].substr(is_old ? 3 : 0));
  if (!age) return std::nullopt;
  KeyFileContent content{.age = *age};
  for (std::size_t i = 0; i < 4; ++i) {
    auto line = (*lines)[2 + i];
    if (!is_old) {
      if (!line.ends_with(" 15")) return std::nullopt;
      line.resize(line.size() - 3);
    }
    const auto key = key_of(line);
    if (!key) return std::nullopt;
    content.keys[i] = *key;
    if (i > 0 && (content.keys[i].id - content.keys[i - 1].id) % 4 != 1) return std::nullopt;
  }
  return content;
}

std::string chronyd_43_key_file(const KeyFileContent& content) {
  std::array<char, 40> second{};
  std::snprintf(second.data(), second.size(), "15 %.1f\n", content.age);
  std::string text = "NKS0\n" + std::string{second.data()};
  for (const auto& key : content.keys) text += key_line(key);
  return text;
}

std::string chronyd_44_key_file(const KeyFileContent& content) {
  std::array<char, 40> second{};
  std::snprintf(second.data(), second.size(), "%.1f\n", content.age);
  std::string text = "NKS1\n" + std::string{second.data()};
  for (const auto& key : content.keys) {
    const auto line = key_line(key);
    text += line.substr(0, line.size() - 1) + " 15\n";
  }
  return text;
}

}  // namespace pollux::test
