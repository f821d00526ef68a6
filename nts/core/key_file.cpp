#include "nts/core/key_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace pollux::nts {

namespace {

constexpr std::string_view kOldForm = "NKS0";
constexpr std::string_view kNewForm = "NKS1";
constexpr std::string_view kAlgorithm = "15";  // AEAD_AES_SIV_CMAC_256
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kMostAgeDigits = 15;
constexpr std::size_t kMostFractionDigits = 9;
constexpr double kGreatestAge = 999'999'999'999'999;

using Problem = std::optional<std::string_view>;

constexpr std::string_view kOtherAlgorithm =
    "names another algorithm than 15, AEAD_AES_SIV_CMAC_256, whose keys are the only ones here";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// 0 to 15, or nothing.
std::optional<unsigned> hex_digit(char c) noexcept {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
  return std::nullopt;
}

bool read_id(std::string_view text, std::uint32_t& id) noexcept {
  if (text.size() != kIdDigits) return false;
  for (const char c : text) {
    const auto digit = hex_digit(c);
    if (!digit) return false;
    id = id << 4U | *digit;
  }
  return true;
}

bool read_key(std::string_view text, std::array<std::byte, kCookieKeyLength>& key) noexcept {
  if (text.size() != 2 * kCookieKeyLength) return false;
  for (std::size_t i = 0; i < kCookieKeyLength; ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (!high || !low) return false;
    key[i] = static_cast<std::byte>(*high << 4U | *low);
  }
  return true;
}

bool is_digits(std::string_view text, std::size_t most) noexcept {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, is_digit);
}

// Decimal digits, with or without a fraction; nothing else of what a number can look like, nor one
// that a double could only come near to by being nothing or infinite.
bool read_age(std::string_view text, double& age) noexcept {
  const auto dot = text.find('.');
  if (!is_digits(text.substr(0, dot), kMostAgeDigits)) return false;
  if (dot != std::string_view::npos && !is_digits(text.substr(dot + 1), kMostFractionDigits))
    return false;
  const char* const start = text.data();
  return std::from_chars(start, start + text.size(), age, std::chars_format::fixed).ec ==
         std::errc{};
}

// Takes what stands before the next space, or all.
std::string_view take_word(std::string_view& line) noexcept {
  const auto space = line.find(' ');
  const auto word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

// A file on its way from text to keys.
class Parser {
 public:
  explicit Parser(std::string_view text) noexcept : rest_{text} {}

  [[nodiscard]] std::expected<KeyFile, KeyFileError> run() noexcept {
    Problem problem = take_line(&Parser::read_form);
    if (!problem) problem = take_line(&Parser::read_second);
    for (read_ = 0; !problem && read_ < kRingKeys; ++read_) problem = take_line(&Parser::read_key);
    if (!problem && !rest_.empty()) {
      ++line_;
      problem = "is one too many";
    }
    if (problem) return std::unexpected(KeyFileError{.line = line_, .problem = *problem});
    const auto ring = KeyRing::from_keys(keys_);
    if (!ring) return std::unexpected(KeyFileError{.line = line_, .problem = kOutOfPlace});
    return KeyFile{.ring = *ring, .age_seconds = age_};
  }

 private:
  static constexpr std::string_view kOutOfPlace =
      "has an id whose two low bits do not follow those of the line before";

  Problem take_line(Problem (Parser::*read)(std::string_view) noexcept) noexcept {
    ++line_;
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return "is missing or has no end";
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return (this->*read)(line);
  }

  Problem read_form(std::string_view line) noexcept {
    is_old_form_ = line == kOldForm;
    if (!is_old_form_ && line != kNewForm) return "is neither NKS0 nor NKS1";
    return std::nullopt;
  }

  Problem read_second(std::string_view line) noexcept {
    if (is_old_form_ && take_word(line) != kAlgorithm) return kOtherAlgorithm;
    if (!read_age(line, age_)) return "has no age in seconds";
    return std::nullopt;
  }

  Problem read_key(std::string_view line) noexcept {
    CookieKey& key = keys_[read_];
    if (!read_id(take_word(line), key.id)) return "has no id of 8 hexadecimal digits";
    if (read_ > 0 && key.id % kRingKeys != (keys_[read_ - 1].id + 1) % kRingKeys)
      return kOutOfPlace;
    const auto text = is_old_form_ ? line : take_word(line);
    if (!is_old_form_ && line != kAlgorithm) return kOtherAlgorithm;
    if (!nts::read_key(text, key.key)) return "has no key of 64 hexadecimal digits";
    return std::nullopt;
  }

  std::string_view rest_;
  unsigned line_ = 0;
  bool is_old_form_ = false;
  double age_ = 0;
  std::size_t read_ = 0;  // keys so far
  std::array<CookieKey, kRingKeys> keys_;
};

// Appends to a buffer that has room for the longest file.
class Text {
 public:
  explicit Text(std::array<char, kLargestKeyFile>& buffer) noexcept : buffer_{buffer} {}

  void add(std::string_view text) noexcept {
    used_ += text.copy(buffer_.data() + used_, buffer_.size() - used_);
  }

  void add_hex(std::uint64_t value, unsigned digits) noexcept {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (unsigned left = digits; left > 0; --left)
      add(kDigits.substr(value >> (4U * (left - 1)) & 0x0fU, 1));
  }

  void add_tenths(double value) noexcept {
    char* const start = buffer_.data() + used_;
    char* const end = buffer_.data() + buffer_.size();
    const auto result = std::to_chars(start, end, value, std::chars_format::fixed, 1);
    if (result.ec == std::errc{}) used_ += static_cast<std::size_t>(result.ptr - start);
  }

  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  std::array<char, kLargestKeyFile>& buffer_;
  std::size_t used_ = 0;
};

static_assert(kOldForm.size() + kAlgorithm.size() + kMostAgeDigits + 2 + 3 +
                  kRingKeys * (kIdDigits + 2 * kCookieKeyLength + 2) <=
              kLargestKeyFile);

}  // namespace

std::expected<KeyFile, KeyFileError> parse_key_file(std::string_view text) noexcept {
  if (text.size() > kLargestKeyFile)
    return std::unexpected(KeyFileError{.problem = "is longer than any key file"});
  return Parser{text}.run();
}

std::size_t write_key_file(const KeyRing& ring, double age_seconds,
                           std::array<char, kLargestKeyFile>& buffer) noexcept {
  Text text{buffer};
  text.add(kOldForm);
  text.add("\n");
  text.add(kAlgorithm);
  text.add(" ");
  text.add_tenths(std::min(std::fabs(age_seconds), kGreatestAge));  // without the sign of -0.0
  text.add("\n");
  for (const CookieKey& key : ring.keys()) {
    text.add_hex(key.id, kIdDigits);
    text.add(" ");
    for (const std::byte octet : key.key) text.add_hex(std::to_integer<std::uint64_t>(octet), 2);
    text.add("\n");
  }
  return text.size();
}

}  // namespace pollux::nts
