// NTS requests in frames to authenticated replies, with the reference back end and a known clock.
#include "nts/core/ntp_stage.h"

#include <gtest/gtest.h>

#include "dataplane/responder/responder.h"
#include "nts/aead/reference.h"
#include "tests/support/dissect.h"
#include "tests/support/frame_runner.h"
#include "tests/support/known_clock.h"
#include "tests/support/nts_message.h"
#include "tests/support/nts_reply.h"

namespace pollux::test {
namespace {

using nts::AeadId;
using nts::KeyRing;
using responder::Verdict;

constexpr std::uint64_t kReceived = 10'000;
constexpr std::uint64_t kSent = 20'000;

// What a client read in a reply.
struct Answer {
  Verdict verdict{};
  Octets frame;
  Dissected packet;
  Bytes message;
};

class NtpStage : public testing::Test {
 protected:
  NtpStage() { latch_.publish(known_snapshot()); }

  Client client(AeadId aead = AeadId::kAesSivCmac256) {
    return make_client(aead_, ring_, random_, aead);
  }

  Bytes request(const Client& client, std::size_t placeholders = 0, const Bytes& plaintext = {},
                std::size_t identifier_octets = 32) {
    return make_request(aead_, client, random_, placeholders, plaintext, identifier_octets);
  }

  // The frames as one batch.
  std::vector<Answer> answer(const std::vector<Octets>& frames) {
    policy_.set_answers_nts(true);
    std::vector<Octets> rooms = frames;
    std::vector<responder::Packet> packets(frames.size());
    std::vector<responder::Packet*> batch;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      describe(packets[i], reinterpret_cast<std::byte*>(rooms[i].data()), rooms[i].size());
      packets[i].verdict = responder::classify_frame(packets[i], policy_);
      EXPECT_EQ(packets[i].verdict, Verdict::reply_nts);
      batch.push_back(&packets[i]);
    }
    stage_.open(batch, ring_);
    stage_.prepare(policy_, ring_);
    clock::ServedClock clock{latch_};
    clock.refresh();
    const std::vector<clock::Counter> received(frames.size(), {kKnownCounter + kReceived});
    stage_.finish(policy_, clock, received, {kKnownCounter + kSent}, {});
    std::vector<Answer> answers;
    for (const auto& packet : packets) {
      Answer answer{.verdict = packet.verdict};
      if (responder::is_reply(packet.verdict)) {
        const auto* octets = reinterpret_cast<const std::uint8_t*>(packet.frame);
        answer.frame.assign(octets, octets + packet.length);
        answer.packet = dissect(answer.frame).value();
        answer.message = to_bytes(answer.packet.payload);
      }
      answers.push_back(answer);
    }
    return answers;
  }

  Answer answer(const Bytes& request, Frame frame = ipv4_request()) {
    frame.payload.clear();
    for (const std::byte octet : request)
      frame.payload.push_back(std::to_integer<std::uint8_t>(octet));
    return answer(std::vector<Octets>{frame.build()}).front();
  }

  // The cookies of a reply that has to be authentic.
  std::vector<Bytes> read(const Client& client, const Answer& answer) {
    const auto plaintext = open_reply(aead_, client, answer.message);
    EXPECT_TRUE(plaintext);
    const auto cookies = cookies_in(plaintext.value_or(Bytes{}));
    EXPECT_TRUE(cookies);
    return cookies.value_or(std::vector<Bytes>{});
  }

  void expect_good(const Client& client, const Bytes& request, const Answer& answer,
                   std::size_t cookies) {
    ASSERT_EQ(answer.verdict, Verdict::reply_nts);
    const std::vector<Bytes> fresh_cookies = read(client, answer);
    EXPECT_LE(answer.message.size(), request.size());
    EXPECT_EQ(fresh_cookies.size(), cookies);
    for (const Bytes& fresh : fresh_cookies) {
      EXPECT_EQ(fresh.size(), client.cookie.size());
      EXPECT_EQ(keys_in(aead_, ring_, fresh), client.keys);
      EXPECT_EQ(std::ranges::count(fresh_cookies, fresh), 1);  // each has a nonce of its own
    }
    EXPECT_TRUE(answer.packet.udp_checksum_right);
    EXPECT_TRUE(answer.packet.ip_checksum_right);
    expect_stamped(request, answer);
  }

  // RFC 5905 §8, and the client's identifier as it came.
  void expect_stamped(const Bytes& request, const Answer& answer) {
    const NtpFields said = answer.packet.ntp();
    EXPECT_EQ(said.mode, 4U);
    EXPECT_EQ(said.origin, wire::load_be64(request.data() + 40));
    EXPECT_NEAR(static_cast<double>(said.receive - kKnownTime), kReceived, 256);
    EXPECT_NEAR(static_cast<double>(said.transmit - kKnownTime), kSent, 256);
    const std::size_t length = wire::load_be16(request.data() + 50);
    EXPECT_TRUE(std::equal(request.begin() + 48,
                           request.begin() + 48 + static_cast<std::ptrdiff_t>(length),
                           answer.message.begin() + 48));
  }

  clock::SnapshotLatch latch_;
  Random random_{7};
  nts::ReferenceAead aead_;
  KeyRing ring_ = some_ring(1);
  nts::NtpStage stage_{aead_};
  responder::PortPolicy policy_{server_settings()};
};

TEST_F(NtpStage, AnswersWithAsManyCookiesAsWereAskedFor) {
  for (const AeadId aead : {AeadId::kAesSivCmac256, AeadId::kAes128GcmSiv}) {
    const Client one = client(aead);
    for (std::size_t placeholders = 0; placeholders < 10; ++placeholders) {
      const Bytes asked = request(one, placeholders);
      const Answer got = answer(asked);
      expect_good(one, asked, got, std::min<std::size_t>(placeholders + 1, 8));
      if (placeholders < 8) {
        EXPECT_EQ(got.message.size(), asked.size());
      }
    }
  }
}

TEST_F(NtpStage, AnswersOverIpv6AndThroughOptions) {
  const Client one = client();
  const Bytes asked = request(one, 3);
  expect_good(one, asked, answer(asked, ipv6_request()), 4);
  Frame with_options = ipv4_request();
  with_options.ipv4_options = from_hex("01010101");
  expect_good(one, asked, answer(asked, with_options), 4);
}

TEST_F(NtpStage, EchoesIdentifiersOfAnyLength) {
  const Client one = client();
  for (const std::size_t octets : {32U, 36U, 64U, 128U, 500U}) {
    const Bytes asked = request(one, 2, {}, octets);
    expect_good(one, asked, answer(asked), 3);
  }
}

TEST_F(NtpStage, CountsPlaceholdersInTheCiphertext) {
  const Client one = client();
  Bytes asked = request(one, 0, placeholder());
  expect_good(one, asked, answer(asked), 2);
  asked = request(one, 0, unknown_field());
  expect_good(one, asked, answer(asked), 1);
  EXPECT_EQ(answer(request(one, 0, Bytes(20, std::byte{0xff}))).verdict,
            Verdict::drop_nts_malformed);
  EXPECT_EQ(answer(request(one, 0, cookie(one.cookie))).verdict, Verdict::drop_nts_malformed);
}

TEST_F(NtpStage, OpensCookiesOfOldKeysAndSealsWithTheCurrentOne) {
  const Client one = client();
  for (int rotations = 0; rotations < 2; ++rotations) {
    ring_ = ring_.rotated({.key = {}, .id = static_cast<std::uint32_t>(random_.next())});
    const Bytes asked = request(one);
    const Answer got = answer(asked);
    expect_good(one, asked, got, 1);
    EXPECT_EQ(nts::parse_cookie(read(one, got).at(0))->key_id, ring_.current().id);
  }
}

// RFC 8915 §5.7: a kiss code, the identifier, and nothing that looks authenticated.
TEST_F(NtpStage, NaksWhatItCannotVerify) {
  const Client one = client();
  const Bytes good = request(one, 1);
  const std::size_t first_of_cookie = 48 + 36 + 4;
  struct Row {
    const char* what;
    std::size_t octet;
  };
  for (const Row& row : std::initializer_list<Row>{{"header", 16},
                                                   {"identifier", 60},
                                                   {"key id", first_of_cookie + 3},
                                                   {"cookie's nonce", first_of_cookie + 4},
                                                   {"cookie's tag", first_of_cookie + 20},
                                                   {"keys in it", first_of_cookie + 60},
                                                   {"placeholder", good.size() - 60},
                                                   {"nonce", good.size() - 32},
                                                   {"tag", good.size() - 1}}) {
    Bytes bad = good;
    bad[row.octet] ^= std::byte{1};
    const Answer got = answer(bad);
    ASSERT_EQ(got.verdict, Verdict::reply_nts_nak) << row.what;
    EXPECT_EQ(got.message.size(), 48U + 36) << row.what;
    expect_stamped(bad, got);
    const NtpFields said = got.packet.ntp();
    EXPECT_EQ(said.leap, 3U) << row.what;
    EXPECT_EQ(said.stratum, 0U) << row.what;
    EXPECT_EQ(said.reference_id, 0x4e54'534eU) << row.what;
    EXPECT_TRUE(got.packet.udp_checksum_right) << row.what;
  }
}

TEST_F(NtpStage, NaksCookiesThatAreNobodys) {
  Client one = client();
  one.cookie.assign(60, std::byte{1});
  EXPECT_EQ(answer(request(one)).verdict, Verdict::reply_nts_nak);
}

TEST_F(NtpStage, CountsUnknownKeysByTheAgeOfTheirPlace) {
  const Client one = client();
  const auto unknown = [&](std::size_t i) { return stage_.counters().unknown_keys[i].read(); };
  for (int rotations = 0; rotations < 3; ++rotations)
    ring_ = ring_.rotated({.key = {}, .id = static_cast<std::uint32_t>(random_.next() | 0x100)});
  EXPECT_EQ(answer(request(one)).verdict, Verdict::reply_nts_nak);
  EXPECT_EQ(unknown(0), 1U);
  ring_ = ring_.rotated({.key = {}, .id = static_cast<std::uint32_t>(random_.next() | 0x200)});
  EXPECT_EQ(answer(request(one)).verdict, Verdict::reply_nts_nak);
  EXPECT_EQ(unknown(1), 1U);
}

// Good, bad and both AEADs side by side, in any number: each gets what it would get alone.
TEST_F(NtpStage, WorksOnBatchesOfAllKinds) {
  for (std::size_t count = 1; count <= nts::kBatch; ++count) {
    std::vector<Client> clients;
    std::vector<std::size_t> asked_for;
    std::vector<Bytes> requests;
    std::vector<Octets> frames;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(client(i % 2 == 0 ? AeadId::kAesSivCmac256 : AeadId::kAes128GcmSiv));
      asked_for.push_back(1 + random_.below(8));
      requests.push_back(request(clients.back(), asked_for.back() - 1));
      if (i % 3 == 2) requests.back().back() ^= std::byte{4};
      Frame frame = i % 2 == 0 ? ipv4_request() : ipv6_request();
      frame.payload = octets_of(requests.back());
      frames.push_back(frame.build());
    }
    const auto answers = answer(frames);
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 3 == 2) {
        EXPECT_EQ(answers[i].verdict, Verdict::reply_nts_nak);
        continue;
      }
      expect_good(clients[i], requests[i], answers[i], asked_for[i]);
    }
  }
}

// The responder's part: what becomes of a request with NTS fields before anybody looks at a key.
TEST_F(NtpStage, IsForRequestsToAServerThatHasKeys) {
  Frame frame = ipv4_request();
  const auto judge = [&](bool has_keys) {
    policy_.set_answers_nts(has_keys);
    Octets room = frame.build();
    responder::Packet packet;
    describe(packet, reinterpret_cast<std::byte*>(room.data()), room.size());
    return responder::classify_frame(packet, policy_);
  };
  frame.payload = octets_of(request(client()));
  EXPECT_EQ(judge(true), Verdict::reply_nts);
  EXPECT_EQ(judge(false), Verdict::reply_plain);
  frame.payload[0] = 0x21;  // symmetric active
  EXPECT_EQ(judge(true), Verdict::drop_mode);
  frame.payload[0] = 0x1b;  // version 3 has no fields
  EXPECT_EQ(judge(true), Verdict::drop_malformed);
}

TEST_F(NtpStage, AnswersAReplayAgain) {
  const Client one = client();
  const Bytes asked = request(one);
  for (int i = 0; i < 3; ++i) expect_good(one, asked, answer(asked), 1);
}

}  // namespace
}  // namespace pollux::test
