// How large a request may be, when a bad one is known to be bad, and requests at random.
#include <gtest/gtest.h>

#include "nts/core/ke_request.h"
#include "tests/support/ke_runner.h"

namespace pollux::test {
namespace {

constexpr std::size_t kLargest = 4096;
constexpr std::size_t kMostRecords = 64;

// A usual request with a record in front that makes it `size` octets.
Octets request_of(std::size_t size) {
  const auto usual = usual_ke_request();
  return ke_message({ke_record(99, false, Octets(size - usual.size() - 4)), usual});
}

// The same with `count` records altogether.
Octets request_of_records(std::size_t count) {
  Octets message;
  for (std::size_t i = 3; i < count; ++i) put(message, ke_record(99, false, {}));
  put(message, usual_ke_request());
  return message;
}

// After how many octets a request, read one by one, is refused; 0: it is not.
std::size_t refused_after(const Octets& octets) {
  nts::KeRequestReader reader;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto octet = bytes_of(octets).subspan(i, 1);
    if (reader.take(octet) == nts::KeRequestReader::State::kRefused) return i + 1;
  }
  return 0;
}

TEST(KeRequestLimits, AreNotBelowTheRfcs) {
  // RFC 8915 §4: servers must accept requests of at least 1024 octets.
  EXPECT_EQ(describe(read_request({request_of(1024)})), "complete, NTPv4, AEAD 15");
  EXPECT_EQ(nts::KeRequestReader::kLargestRequest, kLargest);
  EXPECT_EQ(nts::KeRequestReader::kMostRecords, kMostRecords);
}

TEST(KeRequestLimits, CountEveryOctet) {
  EXPECT_EQ(describe(read_request({request_of(kLargest)})), "complete, NTPv4, AEAD 15");
  EXPECT_EQ(describe(read_request({request_of(kLargest + 1)})), "error 1");
  EXPECT_EQ(describe(read_request({request_of(kLargest + 40'000)})), "error 1");
}

TEST(KeRequestLimits, CountTheEndBehindTheLastRecord) {
  const auto full = request_of(kLargest);
  EXPECT_EQ(describe(read_request({full, {0}})), "error 1");
  // Records up to the last octet leave no room for the end.
  const auto usual = slice(usual_ke_request(), 0, 12);
  const auto endless = ke_message({usual, ke_record(99, false, Octets(kLargest - 12 - 4))});
  ASSERT_EQ(endless.size(), kLargest);
  EXPECT_EQ(refused_after(endless), 16U);
  const auto nearly = ke_message({usual, ke_record(99, false, Octets(kLargest - 12 - 4 - 4))});
  EXPECT_EQ(describe(read_request({nearly})), "incomplete");
  EXPECT_EQ(describe(read_request({nearly, ke_end()})), "complete, NTPv4, AEAD 15");
  EXPECT_EQ(describe(read_request({nearly, ke_record(99, false, {})})), "error 1");
}

TEST(KeRequestLimits, CountEveryRecord) {
  EXPECT_EQ(describe(read_request({request_of_records(kMostRecords)})), "complete, NTPv4, AEAD 15");
  EXPECT_EQ(describe(read_request({request_of_records(kMostRecords + 1)})), "error 1");
  // The 64th header, the AEADs', shows that there will be too many.
  constexpr std::size_t kBefore = (kMostRecords - 2) * 4 + 6;
  EXPECT_EQ(refused_after(request_of_records(kMostRecords + 1)), kBefore + 4);
}

TEST(KeRequestLimits, AreKnownFromAHeader) {
  const auto protocols = ke_numbers(kRecordProtocols, true, {0});
  const auto aeads = ke_numbers(kRecordAeads, true, {15});
  struct Row {
    const char* what;
    Octets octets;
    std::size_t refused_after;
  };
  const std::initializer_list<Row> rows{
      {"a long record", ke_record(99, false, Octets(5'000)), 4},
      {"a critical unknown one", ke_record(99, true, Octets(50)), 4},
      {"a cookie", ke_message({protocols, ke_record(kRecordCookie, false, Octets(100))}), 10},
      {"an odd list", ke_record(kRecordProtocols, true, Octets(3)), 4},
      {"protocols that are not critical", ke_record(kRecordProtocols, false, Octets(2)), 4},
      {"protocols again", ke_message({protocols, protocols}), 10},
      {"AEADs again", ke_message({aeads, aeads}), 10},
      {"a long server", ke_record(kRecordServer, false, Octets(255, 'a')), 4},
      {"a bad server", ke_text(kRecordServer, false, "300.1.1.1"), 13},
      {"a long port", ke_record(kRecordPort, false, Octets(3)), 4},
      {"record 1024 with a body", ke_record(kRecordCompliant, false, Octets(1)), 4},
      {"an end without AEADs", ke_message({protocols, ke_end()}), 10},
      {"an end with a body", ke_message({protocols, aeads, ke_record(kRecordEnd, true, {1, 2})}),
       16},
      {"an octet behind the end", ke_message({usual_ke_request(), {7, 7}}), 17},
  };
  for (const auto& row : rows) EXPECT_EQ(refused_after(row.octets), row.refused_after) << row.what;
}

// Records that are good, and now and then ones that are not.
Octets any_record(Random& random) {
  constexpr std::array<std::uint16_t, 10> kTypes{0, 1, 2, 3, 4, 5, 6, 7, 1024, 99};
  constexpr std::array<std::string_view, 6> kNames{"192.0.2.1", "2001:db8::1", "ntp.example.",
                                                   "a..b",      "1.2.3",       "-"};
  const auto number = [&random] {
    return static_cast<std::uint16_t>(std::array{0, 15, 30, 7}[random.below(4)]);
  };
  switch (random.below(9)) {
    case 0:
    case 1:
      return ke_numbers(kRecordProtocols, !random.chance(9), {number(), number()});
    case 2:
    case 3:
      return ke_numbers(kRecordAeads, random.chance(2), {number(), number()});
    case 4:
      return ke_text(kRecordServer, random.chance(3), kNames[random.below(kNames.size())]);
    case 5:
      return ke_numbers(kRecordPort, random.chance(3), {number()});
    case 6:
      return ke_record(99, random.chance(8), random.octets(random.below(20)));
    case 7:
      return ke_record(kRecordCompliant, random.chance(2), Octets(random.chance(8) ? 1 : 0));
    default:
      return ke_record(kTypes[random.below(kTypes.size())], random.chance(2),
                       random.octets(random.below(5)));
  }
}

Octets any_request(Random& random) {
  Octets message;
  if (!random.chance(4)) put(message, ke_numbers(kRecordProtocols, true, {0}));
  if (!random.chance(4)) put(message, ke_numbers(kRecordAeads, true, {15}));
  for (std::size_t left = random.below(4); left > 0; --left) put(message, any_record(random));
  if (!random.chance(8)) put(message, ke_end());
  if (random.chance(10)) put(message, random.octets(1 + random.below(6)));
  if (random.chance(20)) message.resize(random.below(message.size() + 1));
  return message;
}

TEST(KeRequestAtRandom, IsWhatTheReferenceSaysHoweverItIsSplit) {
  Random random{4};
  std::array<int, 3> states{};
  for (int round = 0; round < 50'000; ++round) {
    const auto request = any_request(random);
    const auto expected = judge_ke_request(request);
    ++states[static_cast<std::size_t>(expected.state)];
    const std::vector<std::size_t> cuts{random.below(9), random.below(30), random.below(30)};
    ASSERT_EQ(describe(read_request({request})), describe(expected)) << to_hex(request);
    ASSERT_EQ(read_request(ke_reads(request, cuts)), expected) << to_hex(request);
  }
  for (const int count : states) EXPECT_GT(count, 2'000);
}

}  // namespace
}  // namespace pollux::test
