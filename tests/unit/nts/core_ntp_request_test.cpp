// Requests with NTS fields, octets to what is made of them without a key.
#include <gtest/gtest.h>

#include "nts/core/ntp_reply.h"
#include "nts/core/ntp_request.h"
#include "tests/support/nts_message.h"

namespace pollux::test {
namespace {

using nts::AeadId;
using nts::NtpRequest;
using responder::Verdict;

const Bytes kNonce(16, std::byte{0xe0});
const Bytes kTag(16, std::byte{0x0a});
const Bytes kCookie15(100, std::byte{0x0c});
const Bytes kCookie30(68, std::byte{0x0c});
const Bytes kSignature = authenticator(kNonce, kTag);

Verdict judge(const std::vector<Bytes>& fields) {
  NtpRequest request;
  return nts::take_apart(message(fields), request);
}

struct Row {
  const char* what;
  std::vector<Bytes> fields;
  Verdict verdict;
};

void expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(judge(row.fields), row.verdict) << row.what;
}

TEST(NtsRequest, IsTakenApart) {
  const Bytes whole = message(
      {identifier(), cookie(kCookie15), placeholder(), placeholder(), authenticator(kNonce, kTag)});
  NtpRequest request;
  ASSERT_EQ(nts::take_apart(whole, request), Verdict::reply_nts);
  EXPECT_EQ(request.identifier.data(), whole.data() + 48);
  EXPECT_EQ(request.identifier.size(), 36U);
  EXPECT_EQ(request.cookie.data(), whole.data() + 88);
  EXPECT_EQ(request.cookie.size(), 100U);
  EXPECT_EQ(request.placeholders, 2U);
  EXPECT_EQ(request.associated_data.size(), 48U + 36 + 3 * 104);
  EXPECT_EQ(hex_of(request.nonce), hex_of(kNonce));
  EXPECT_EQ(hex_of(request.sealed), hex_of(kTag));
}

TEST(NtsRequest, NeedsEachPartOnce) {
  const Bytes id = identifier();
  const Bytes one = cookie(kCookie15);
  expect({
      {"no identifier", {one, kSignature}, Verdict::drop_nts_incomplete},
      {"no cookie", {id, kSignature}, Verdict::drop_nts_incomplete},
      {"no authenticator", {id, one}, Verdict::drop_nts_incomplete},
      {"a placeholder alone", {id, placeholder()}, Verdict::drop_nts_incomplete},
      {"an authenticator alone", {kSignature}, Verdict::drop_nts_incomplete},
      {"two identifiers", {id, id, one, kSignature}, Verdict::drop_nts_malformed},
      {"two cookies", {id, one, one, kSignature}, Verdict::drop_nts_malformed},
      {"two authenticators", {id, one, kSignature, kSignature}, Verdict::drop_nts_malformed},
      {"a cookie behind the authenticator", {id, kSignature, one}, Verdict::drop_nts_incomplete},
  });
}

TEST(NtsRequest, TakesFieldsInAnyOrderAndUnknownOnes) {
  const Bytes id = identifier();
  const Bytes one = cookie(kCookie15);
  expect({
      {"cookie first", {one, id, kSignature}, Verdict::reply_nts},
      {"placeholder first", {placeholder(), one, id, kSignature}, Verdict::reply_nts},
      {"an unknown field", {unknown_field(), id, one, kSignature}, Verdict::reply_nts},
      {"fields behind the authenticator", {id, one, kSignature, id, one}, Verdict::reply_nts},
      {"noise behind it", {id, one, kSignature, Bytes(28, std::byte{0xff})}, Verdict::reply_nts},
      {"a MAC behind it", {id, one, kSignature, Bytes(20)}, Verdict::reply_nts},
      {"a MAC before it", {id, one, Bytes(20)}, Verdict::drop_nts_incomplete},
      {"16 fields",
       {id, one, unknown_field(), unknown_field(), unknown_field(), unknown_field(),
        unknown_field(), unknown_field(), unknown_field(), unknown_field(), unknown_field(),
        unknown_field(), unknown_field(), unknown_field(), unknown_field(), kSignature},
       Verdict::reply_nts},
      {"17 fields",
       {id, one, unknown_field(), unknown_field(), unknown_field(), unknown_field(),
        unknown_field(), unknown_field(), unknown_field(), unknown_field(), unknown_field(),
        unknown_field(), unknown_field(), unknown_field(), unknown_field(), unknown_field(),
        kSignature},
       Verdict::drop_too_many_fields},
  });
}

TEST(NtsRequest, HoldsTheLengthsToTheRules) {
  const Bytes id = identifier();
  const Bytes one = cookie(kCookie15);
  expect({
      {"identifier of 28", {identifier(28), one, kSignature}, Verdict::drop_nts_malformed},
      {"identifier of 36", {identifier(36), one, kSignature}, Verdict::reply_nts},
      {"identifier of 128", {identifier(128), one, kSignature}, Verdict::reply_nts},
      {"cookie of 16", {id, cookie(Bytes(16)), kSignature}, Verdict::drop_nts_malformed},
      // Nobody's, but it may be a key away from good: that is said later.
      {"cookie of 20", {id, cookie(Bytes(20)), kSignature}, Verdict::reply_nts},
      {"cookie of 200", {id, cookie(Bytes(200)), kSignature}, Verdict::reply_nts},
      {"placeholder shorter", {id, one, placeholder(96), kSignature}, Verdict::drop_nts_malformed},
      {"placeholder longer", {id, one, placeholder(104), kSignature}, Verdict::drop_nts_malformed},
      {"placeholders that differ",
       {id, placeholder(104), placeholder(), one, kSignature},
       Verdict::drop_nts_malformed},
  });
}

// RFC 8915 §5.6.
TEST(NtsRequest, HoldsTheAuthenticatorToTheRules) {
  const auto with = [](const Bytes& cookie_body, const Bytes& signature) {
    return std::vector<Bytes>{identifier(), cookie(cookie_body), signature};
  };
  const Bytes nonce12(12, std::byte{1});
  const Bytes nonce8(8, std::byte{1});
  expect({
      {"no nonce", with(kCookie15, authenticator({}, kTag, 16)), Verdict::drop_nts_malformed},
      {"nonce of 8 without room", with(kCookie15, authenticator(nonce8, kTag)),
       Verdict::drop_nts_malformed},
      {"nonce of 8 with room", with(kCookie15, authenticator(nonce8, kTag, 8)), Verdict::reply_nts},
      {"nonce of 12 without room", with(kCookie15, authenticator(nonce12, kTag)),
       Verdict::drop_nts_malformed},
      {"nonce of 12 for AEAD 30", with(kCookie30, authenticator(nonce12, kTag)),
       Verdict::reply_nts},
      {"nonce of 15", with(kCookie15, authenticator(Bytes(15), kTag)), Verdict::reply_nts},
      {"nonce of 32", with(kCookie15, authenticator(Bytes(32), kTag)), Verdict::reply_nts},
      {"more padding", with(kCookie15, authenticator(kNonce, kTag, 40)), Verdict::reply_nts},
      {"ciphertext of 0", with(kCookie15, authenticator(kNonce, {}, 16)),
       Verdict::drop_nts_malformed},
      {"ciphertext of 15", with(kCookie15, authenticator(kNonce, Bytes(15))),
       Verdict::drop_nts_malformed},
      {"nonce beyond the field", with(kCookie15, authenticator_saying(kNonce, kTag, 40, 16)),
       Verdict::drop_nts_malformed},
      {"nonce 0xffff", with(kCookie15, authenticator_saying(kNonce, kTag, 0xffff, 16)),
       Verdict::drop_nts_malformed},
      {"ciphertext beyond the field", with(kCookie15, authenticator_saying(kNonce, kTag, 16, 20)),
       Verdict::drop_nts_malformed},
      {"ciphertext 0xffff", with(kCookie15, authenticator_saying(kNonce, kTag, 16, 0xffff)),
       Verdict::drop_nts_malformed},
      {"both to the last octet", with(kCookie15, authenticator_saying(kNonce, kTag, 13, 16)),
       Verdict::reply_nts},
  });
}

TEST(NtsRequest, EveryPrefixIsNoRequest) {
  const Bytes whole =
      message({identifier(), cookie(kCookie15), placeholder(), authenticator(kNonce, kTag)});
  for (std::size_t length = 48; length < whole.size(); ++length) {
    NtpRequest request;
    EXPECT_NE(nts::take_apart(std::span{whole}.first(length), request), Verdict::reply_nts)
        << length;
  }
}

TEST(NtsPlaceholders, AreCountedInWhatWasEncrypted) {
  const auto count = [](const std::vector<Bytes>& fields) {
    Bytes plaintext;
    for (const Bytes& each : fields) append(plaintext, each);
    return nts::count_placeholders(plaintext, 100);
  };
  EXPECT_EQ(count({}), 0U);
  EXPECT_EQ(count({placeholder(), placeholder()}), 2U);
  EXPECT_EQ(count({unknown_field(), placeholder()}), 1U);
  EXPECT_EQ(count({field(0x7777, {})}), 0U);  // four octets are a field here
  EXPECT_EQ(count({placeholder(96)}), std::nullopt);
  EXPECT_EQ(count({identifier()}), std::nullopt);
  EXPECT_EQ(count({cookie(kCookie15)}), std::nullopt);
  EXPECT_EQ(count({authenticator(kNonce, kTag)}), std::nullopt);
  EXPECT_EQ(count({Bytes(2)}), std::nullopt);
  EXPECT_EQ(count({Bytes(4)}), std::nullopt);                 // a length of 0
  EXPECT_EQ(count({bytes_of("77770005 00")}), std::nullopt);  // not a multiple of four
  EXPECT_EQ(count({bytes_of("77770008 00000000"), bytes_of("7777 000c 00000000")}), std::nullopt);
}

// RFC 8915 §5.7 and §8.4: never more cookies than asked for, never longer than the request.
TEST(NtsReplyShape, NeverExceedsTheRequest) {
  for (const AeadId aead : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv}) {
    const std::size_t cookie_octets = nts::cookie_length(aead);
    for (std::size_t placeholders = 0; placeholders <= 12; ++placeholders) {
      std::vector<Bytes> fields{identifier(), cookie(Bytes(cookie_octets))};
      for (std::size_t i = 0; i < placeholders; ++i) fields.push_back(placeholder(cookie_octets));
      fields.push_back(authenticator(Bytes(nts::nonce_length(aead)), kTag));
      const std::size_t length = message(fields).size();
      const auto shape = nts::reply_shape(aead, 36, placeholders, length);
      EXPECT_EQ(shape.cookies, std::min<std::size_t>(1 + placeholders, 8));
      EXPECT_LE(shape.message(), length);
      if (placeholders < 8) {
        EXPECT_EQ(shape.message(), length);
      }
    }
  }
  // Placeholders inside of the ciphertext ask for no more than there is room for.
  EXPECT_EQ(nts::reply_shape(AeadId::kAesSivCmac256, 36, 7, 228).cookies, 1U);
}

}  // namespace
}  // namespace pollux::test
