#include "nts/core/ke_response.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/ke_messages.h"

namespace pollux::nts {
namespace {

using test::from_hex;
using test::ke_end;
using test::ke_message;
using test::ke_numbers;
using test::ke_record;
using test::ke_text;
using test::Octets;
using test::octets_of;
using test::to_hex;

constexpr std::size_t kCookie15 = 100;
constexpr std::size_t kCookie30 = 68;

struct Cookies {
  explicit Cookies(std::size_t count, std::size_t length) {
    for (std::size_t i = 0; i < count; ++i)
      all.insert(all.end(), length, std::byte{static_cast<unsigned char>(0xc0 + i)});
  }
  std::vector<std::byte> all;
};

constexpr KeRequest kPlain{.offers_ntpv4 = true, .aead = AeadId::kAesSivCmac256};

// What is written, or nothing.
std::optional<Octets> written(const KeRequest& request, const KeResponse& response,
                              std::size_t room = kLargestResponse) {
  std::vector<std::byte> buffer(room);
  const auto octets = write_response(request, response, buffer);
  return octets ? std::optional{octets_of(*octets)} : std::nullopt;
}

Octets protocols(std::initializer_list<std::uint16_t> numbers) {
  return ke_numbers(test::kRecordProtocols, true, numbers);
}
Octets aeads(std::initializer_list<std::uint16_t> numbers) {
  return ke_numbers(test::kRecordAeads, true, numbers);
}
Octets cookie(std::size_t number, std::size_t length) {
  return ke_record(test::kRecordCookie, false,
                   Octets(length, static_cast<std::uint8_t>(0xc0 + number)));
}

TEST(KeResponse, HasProtocolAeadAndCookies) {
  const Cookies cookies{2, kCookie15};
  EXPECT_EQ(written(kPlain, {.cookies = cookies.all}),
            ke_message({protocols({0}), aeads({15}), cookie(0, 100), cookie(1, 100), ke_end()}));
}

TEST(KeResponse, NamesServerAndPort) {
  const Cookies cookies{1, kCookie15};
  EXPECT_EQ(
      written(kPlain, {.cookies = cookies.all, .server = "ntp.example.", .port = 1123}),
      ke_message({protocols({0}), aeads({15}), ke_text(test::kRecordServer, true, "ntp.example."),
                  ke_numbers(test::kRecordPort, true, {1123}), cookie(0, 100), ke_end()}));
  EXPECT_EQ(written(kPlain, {.cookies = cookies.all, .port = 0}),
            ke_message({protocols({0}), aeads({15}), ke_numbers(test::kRecordPort, true, {0}),
                        cookie(0, 100), ke_end()}));
}

TEST(KeResponse, EchoesRecord1024WithAead30Only) {
  const Cookies shorter{1, kCookie30};
  const Cookies cookies{1, kCookie15};
  KeRequest request{
      .offers_ntpv4 = true, .aead = AeadId::kAes128GcmSiv, .compliant_gcm_siv_exporter = true};
  EXPECT_EQ(written(request, {.cookies = shorter.all}),
            ke_message({protocols({0}), aeads({30}), ke_record(test::kRecordCompliant, false, {}),
                        cookie(0, 68), ke_end()}));
  request.compliant_gcm_siv_exporter = false;
  EXPECT_EQ(written(request, {.cookies = shorter.all}),
            ke_message({protocols({0}), aeads({30}), cookie(0, 68), ke_end()}));
  request = {
      .offers_ntpv4 = true, .aead = AeadId::kAesSivCmac256, .compliant_gcm_siv_exporter = true};
  EXPECT_EQ(written(request, {.cookies = cookies.all}),
            ke_message({protocols({0}), aeads({15}), cookie(0, 100), ke_end()}));
}

// RFC 8915 §4.1.5: no AEAD in common is no error.
TEST(KeResponse, HasAnEmptyAeadRecordWithoutOneInCommon) {
  const Cookies cookies{1, kCookie15};
  EXPECT_EQ(
      written({.offers_ntpv4 = true}, {.cookies = cookies.all, .server = "ntp.example", .port = 1}),
      ke_message({protocols({0}), aeads({}), ke_end()}));
}

TEST(KeResponse, HasAnEmptyProtocolRecordWithoutNtpv4) {
  const Cookies cookies{1, kCookie15};
  EXPECT_EQ(written({}, {.cookies = cookies.all, .server = "ntp.example", .port = 1}),
            ke_message({protocols({}), ke_end()}));
}

// RFC 8915 §4.1.6: at least one cookie; a length that tells another AEAD would be a trap.
TEST(KeResponse, IsNotWrittenWithoutGoodCookies) {
  for (const std::size_t size : {0U, 1U, 68U, 99U, 101U, 199U, 900U}) {
    const Cookies cookies{1, size};
    EXPECT_FALSE(written(kPlain, {.cookies = cookies.all}, 4'000)) << size;
  }
  const KeRequest request{.offers_ntpv4 = true, .aead = AeadId::kAes128GcmSiv};
  EXPECT_FALSE(written(request, {.cookies = Cookies{1, kCookie15}.all}));
  EXPECT_TRUE(written(request, {.cookies = Cookies{8, kCookie30}.all}));
}

TEST(KeResponse, IsNotWrittenWithABadServer) {
  const Cookies cookies{1, kCookie15};
  EXPECT_FALSE(written(kPlain, {.cookies = cookies.all, .server = "ntp..example"}));
}

TEST(KeResponse, FitsTheLargestBufferAndNoSmaller) {
  const std::string label(63, 'a');
  const std::string name = label + '.' + label + '.' + label + '.' + label.substr(2) + '.';
  ASSERT_EQ(name.size(), kLongestServerName);
  const Cookies cookies{kMostCookies, kCookie15};
  const KeResponse response{.cookies = cookies.all, .server = name, .port = 1};
  const auto octets = written(kPlain, response);
  ASSERT_TRUE(octets);
  EXPECT_EQ(octets->size(), 6 + 6 + (4 + 254) + 6 + 8 * 104 + 4);
  EXPECT_LE(octets->size(), kLargestResponse);
  for (std::size_t room = 0; room < octets->size(); ++room)
    EXPECT_FALSE(written(kPlain, response, room)) << room;
  EXPECT_EQ(written(kPlain, response, octets->size()), octets);
}

TEST(KeError, IsOneRecordAndTheEnd) {
  std::array<std::byte, 10> buffer{};
  EXPECT_EQ(octets_of(write_error(KeError::kUnrecognizedCriticalRecord, buffer)),
            from_hex("80020002 0000 80000000"));
  EXPECT_EQ(octets_of(write_error(KeError::kBadRequest, buffer)),
            from_hex("80020002 0001 80000000"));
  EXPECT_EQ(octets_of(write_error(KeError::kInternalServerError, buffer)),
            from_hex("80020002 0002 80000000"));
}

// RFC 8915 §5.1; without record 1024 clients of AEAD 30 export with the number 15.
TEST(ExporterContext, NamesProtocolAlgorithmAndDirection) {
  struct Row {
    AeadId aead;
    bool compliant;
    const char* client_to_server;
    const char* server_to_client;
  };
  for (const auto& row : {Row{AeadId::kAesSivCmac256, false, "0000000f00", "0000000f01"},
                          Row{AeadId::kAesSivCmac256, true, "0000000f00", "0000000f01"},
                          Row{AeadId::kAes128GcmSiv, false, "0000000f00", "0000000f01"},
                          Row{AeadId::kAes128GcmSiv, true, "0000001e00", "0000001e01"}}) {
    EXPECT_EQ(octets_of(exporter_context(row.aead, row.compliant, Direction::kClientToServer)),
              from_hex(row.client_to_server));
    EXPECT_EQ(octets_of(exporter_context(row.aead, row.compliant, Direction::kServerToClient)),
              from_hex(row.server_to_client));
  }
  EXPECT_EQ(kExporterLabel, "EXPORTER-network-time-security");
  EXPECT_EQ(kAlpnProtocol, "ntske/1");
}

}  // namespace
}  // namespace pollux::nts
