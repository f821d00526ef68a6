#include "nts/core/key_file.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <limits>
#include <string>

#include "tests/support/any_ring.h"

namespace pollux::nts {
namespace {

using test::any_ring;
using test::Random;

// As chronyd 4.3 wrote it.
constexpr std::string_view kChronyd43 =
    "NKS0\n"
    "15 2.0\n"
    "0DF379E9 520263C97D08CE0BF388DED21F7250CE7B262CB6130E0BD7E1F29D4501E428FD\n"
    "A52586FE 439925EA66449E02C24229E699EDE5D423B429C384194D518D3703302DB20329\n"
    "4CFB0837 F31C5D4A0E56C84AAA14B91DAD16395333CEB5D676BF744C0A5B911F60FAD6B9\n"
    "BDAE0578 9579F2B808361DBCEC2407A3749CF2BCEE8573575320DEEB91B51C47360603A0\n";
// The same keys in the form of chronyd since 4.4.
constexpr std::string_view kChronyd44 =
    "NKS1\n"
    "2.0\n"
    "0DF379E9 520263C97D08CE0BF388DED21F7250CE7B262CB6130E0BD7E1F29D4501E428FD 15\n"
    "A52586FE 439925EA66449E02C24229E699EDE5D423B429C384194D518D3703302DB20329 15\n"
    "4CFB0837 F31C5D4A0E56C84AAA14B91DAD16395333CEB5D676BF744C0A5B911F60FAD6B9 15\n"
    "BDAE0578 9579F2B808361DBCEC2407A3749CF2BCEE8573575320DEEB91B51C47360603A0 15\n";

std::string written(const KeyRing& ring, double age) {
  std::array<char, kLargestKeyFile> buffer{};
  return {buffer.data(), write_key_file(ring, age, buffer)};
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string changed{text};
  const auto at = changed.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return changed.replace(at, what.size(), with);
}

// "line: problem", or "good".
std::string outcome(std::string_view text) {
  const auto file = parse_key_file(text);
  if (file) return "good";
  return std::to_string(file.error().line) + ": " + std::string{file.error().problem};
}

TEST(KeyFile, OfChronydIsRead) {
  for (const auto text : {kChronyd43, kChronyd44}) {
    const auto file = parse_key_file(text);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->age_seconds, 2.0);
    const auto keys = file->ring.keys();
    EXPECT_EQ(keys[0].id, 0x0df3'79e9U);
    EXPECT_EQ(keys[3].id, 0xbdae'0578U);
    EXPECT_EQ(file->ring.current().id, 0x4cfb'0837U);
    EXPECT_EQ(file->ring.next().id, 0xbdae'0578U);
    EXPECT_EQ(file->ring.current().key[0], std::byte{0xf3});
    EXPECT_EQ(file->ring.current().key[31], std::byte{0xb9});
  }
}

TEST(KeyFile, IsWrittenAsChronyd43WritesIt) {
  EXPECT_EQ(written(parse_key_file(kChronyd43)->ring, 2.04), kChronyd43);
  EXPECT_EQ(written(parse_key_file(kChronyd44)->ring, 2.0), kChronyd43);
}

TEST(KeyFile, MayHaveSmallHexDigits) {
  std::string text{kChronyd43};
  for (char& c : text)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(std::tolower(c));
  EXPECT_EQ(parse_key_file(text)->ring, parse_key_file(kChronyd43)->ring);
}

TEST(KeyFile, IsRefusedWithItsLineAndProblem) {
  const auto with = [](std::string_view what, std::string_view text) {
    return outcome(replaced(kChronyd43, what, text));
  };
  EXPECT_EQ(outcome(""), "1: is missing or has no end");
  EXPECT_EQ(with("NKS0", "NKS2"), "1: is neither NKS0 nor NKS1");
  EXPECT_EQ(with("NKS0\n", "NKS0 \n"), "1: is neither NKS0 nor NKS1");
  EXPECT_EQ(with("NKS0\n", "NKS0\r\n"), "1: is neither NKS0 nor NKS1");
  EXPECT_EQ(with("NKS0\n", "nks0\n"), "1: is neither NKS0 nor NKS1");
  EXPECT_EQ(with("NKS0\n", "\nNKS0\n"), "1: is neither NKS0 nor NKS1");
  EXPECT_EQ(with("0DF379E9", "0DF379E"), "3: has no id of 8 hexadecimal digits");
  EXPECT_EQ(with("0DF379E9", "00DF379E9"), "3: has no id of 8 hexadecimal digits");
  EXPECT_EQ(with("0DF379E9", "0xF379E9"), "3: has no id of 8 hexadecimal digits");
  EXPECT_EQ(with("0DF379E9 ", " 0DF379E9 "), "3: has no id of 8 hexadecimal digits");
  EXPECT_EQ(with("A52586FE ", "A52586FE  "), "4: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("A52586FE ", "A52586FE\t"), "4: has no id of 8 hexadecimal digits");
  EXPECT_EQ(with("D6B9", "D6B"), "5: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("D6B9", "D6B9F"), "5: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("D6B9", "D6BG"), "5: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("D6B9\n", "D6B9\r\n"), "5: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("D6B9\n", "D6B9 \n"), "5: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("D6B9\n", "D6B9 15\n"), "5: has no key of 64 hexadecimal digits");
  EXPECT_EQ(with("03A0\n", "03A0"), "6: is missing or has no end");
  EXPECT_EQ(with("03A0\n", "03A0\n\n"), "7: is one too many");
  EXPECT_EQ(with("03A0\n", "03A0\n "), "7: is one too many");
  EXPECT_EQ(outcome(std::string{kChronyd43} + std::string(kLargestKeyFile, '\n')),
            "0: is longer than any key file");
  EXPECT_EQ(outcome(replaced(kChronyd43, "0329", std::string_view{"\0\0\0\0", 4})),
            "4: has no key of 64 hexadecimal digits");
}

TEST(KeyFile, IsRefusedWithIdsOutOfPlace) {
  const std::string problem = "has an id whose two low bits do not follow those of the line before";
  EXPECT_EQ(outcome(replaced(kChronyd43, "A52586FE", "A52586FF")), "4: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd43, "BDAE0578", "BDAE0577")), "6: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd43, "BDAE0578", "4CFB0837")), "6: " + problem);
}

// What chronyd since 4.4 makes where its library has AES-GCM-SIV: 30, with half as long a key.
TEST(KeyFile, IsRefusedWithKeysOfAnotherAlgorithm) {
  const std::string problem =
      "names another algorithm than 15, AEAD_AES_SIV_CMAC_256, whose keys are the only ones here";
  EXPECT_EQ(outcome(replaced(kChronyd44, "1F60FAD6B9 15", "1F60FAD6B9 30")), "5: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd44, "AD16395333CEB5D676BF744C0A5B911F60FAD6B9 15", " 30")),
            "5: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd44, "D6B9 15", "D6B9")), "5: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd44, "D6B9 15", "D6B9 015")), "5: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd44, "D6B9 15", "D6B9 15 15")), "5: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd43, "15 2.0", "30 2.0")), "2: " + problem);
  EXPECT_EQ(outcome(replaced(kChronyd43, "15 2.0", "2.0")), "2: " + problem);
}

TEST(KeyFile, HasAnAgeInSeconds) {
  const auto age_of = [](std::string_view age) {
    const auto file = parse_key_file(replaced(kChronyd44, "2.0", age));
    return file ? file->age_seconds : -1;
  };
  EXPECT_EQ(age_of("0"), 0);
  EXPECT_EQ(age_of("0.0"), 0);
  EXPECT_EQ(age_of("86400.5"), 86'400.5);
  EXPECT_EQ(age_of("007.25"), 7.25);
  EXPECT_EQ(age_of("999999999999999.999999999"), 1e15);
  for (const std::string_view bad :
       {"",    " ",        "-1", "-0.0", "+1",   "1.",   ".5",  "1.2.3", "1e3", "0x1", "inf",
        "nan", "infinity", "1 ", " 1",   "1 15", "15 1", "1,5", "a",     "1\r", ".",   ".."}) {
    EXPECT_EQ(age_of(bad), -1) << bad;
    EXPECT_EQ(outcome(replaced(kChronyd44, "2.0", bad)), "2: has no age in seconds") << bad;
  }
  // Numbers that a double might take for infinite or nothing.
  EXPECT_EQ(age_of(std::string(16, '9')), -1);
  EXPECT_EQ(age_of(std::string(400, '9')), -1);
  EXPECT_EQ(age_of("0." + std::string(9, '0') + '1'), -1);
  EXPECT_EQ(age_of("0." + std::string(320, '0') + '1'), -1);
}

TEST(KeyFile, IsWrittenWithTenthsOfASecond) {
  Random random{1};
  const auto ring = any_ring(random);
  const auto second_line = [&ring](double age) {
    const auto text = written(ring, age);
    return text.substr(5, text.find('\n', 5) - 5);
  };
  EXPECT_EQ(second_line(0), "15 0.0");
  EXPECT_EQ(second_line(-0.0), "15 0.0");
  EXPECT_EQ(second_line(0.06), "15 0.1");
  EXPECT_EQ(second_line(604'800.04), "15 604800.0");
  EXPECT_EQ(second_line(1e15), "15 999999999999999.0");
  EXPECT_EQ(second_line(std::numeric_limits<double>::max()), "15 999999999999999.0");
  EXPECT_EQ(second_line(std::numeric_limits<double>::infinity()), "15 999999999999999.0");
}

TEST(KeyFile, IsReadAsItWasWritten) {
  Random random{2};
  for (int round = 0; round < 2'000; ++round) {
    const auto ring = any_ring(random);
    const double age = static_cast<double>(random.below(1'000'000'000)) / 10;
    const auto file = parse_key_file(written(ring, age));
    ASSERT_TRUE(file);
    EXPECT_EQ(file->ring, ring);
    EXPECT_EQ(file->age_seconds, age);
  }
}

TEST(KeyFile, IsRefusedWhenItIsHalfWritten) {
  for (const auto text : {kChronyd43, kChronyd44})
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_FALSE(parse_key_file(text.substr(0, size))) << size;
}

// Any other octet anywhere is either refused or another digit in the same place (or in that of the
// age's dot).
TEST(KeyFile, IsRefusedWithAnOctetThatIsNoDigit) {
  for (const auto text : {kChronyd43, kChronyd44}) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string changed{text};
        changed[at] = static_cast<char>(value);
        const auto file = parse_key_file(changed);
        const bool was_digit = std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
        const bool stays_digit = (was_digit || text[at] == '.') && std::isxdigit(value) != 0;
        EXPECT_TRUE(changed == text || stays_digit || !file) << at << ' ' << value;
      }
    }
  }
}

TEST(KeyFile, LosesNoOctetUnnoticed) {
  for (const auto text : {kChronyd43, kChronyd44}) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string shorter{text};
      shorter.erase(at, 1);
      const auto file = parse_key_file(shorter);
      // But for a digit of the age, which nothing can notice.
      EXPECT_TRUE(!file || file->ring == parse_key_file(text)->ring) << at;
    }
  }
}

}  // namespace
}  // namespace pollux::nts
