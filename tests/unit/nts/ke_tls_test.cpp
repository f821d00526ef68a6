// TLS around the request: versions, ALPN, ends of all kinds, segments.
#include <gtest/gtest.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <poll.h>
#include <sys/socket.h>

#include <string>

#include "tests/unit/nts/ke_fixture.h"

namespace pollux::nts {
namespace {

using test::KeEnd;
using test::Octets;
using test::usual_request;

constexpr const char* kBadRequest = "c2:0001 c0:";

std::string text_of(const test::KeClient::Heard& heard) {
  return test::to_text(test::records_of(heard.octets));
}

class KeTls : public testing::Test {
 protected:
  KeServer server_;
};

TEST_F(KeTls, CertificateIsThatOfTheFiles) {
  const auto client = server_.client({.authority = server_.pem().authority});
  EXPECT_TRUE(client->handshake()) << client->reason();
  EXPECT_EQ(client->subject(), "/CN=ke.example");
  EXPECT_EQ(client->chain_length(), 2);
}

// RFC 8915 §3.
TEST_F(KeTls, NothingBelowVersion13) {
  const auto client = server_.client({.tls12_only = true});
  EXPECT_FALSE(client->handshake());
  EXPECT_EQ(client->reason(), "tlsv1 alert protocol version");
  EXPECT_TRUE(server_.reaches(Count::kTlsFailures, 1));
}

// RFC 7301 §3.2: the alert no_application_protocol.
TEST_F(KeTls, AnotherProtocolMeetsAnAlert) {
  for (const char* alpn : {"h2", "ntske/2", "ntske/", "ntske/1x"}) {
    const auto client = server_.client({.alpn = alpn});
    EXPECT_FALSE(client->handshake()) << alpn;
    EXPECT_EQ(client->reason(), "tlsv1 alert no application protocol");
  }
  EXPECT_TRUE(server_.reaches(Count::kTlsFailures, 4));
}

// RFC 8915 §4: without the extension there is no key establishment; OpenSSL does not object.
TEST_F(KeTls, NoProtocolIsClosed) {
  const auto client = server_.client({.alpn = std::nullopt});
  ASSERT_TRUE(client->handshake());
  client->send(usual_request());
  const auto heard = client->hear();
  EXPECT_TRUE(heard.octets.empty());
  EXPECT_EQ(heard.end, KeEnd::kCloseNotify);
  EXPECT_TRUE(server_.reaches(Count::kTlsFailures, 1));
  EXPECT_EQ(server_.count(Count::kCookies), 0U);
}

TEST_F(KeTls, NothingToResume) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  client->send(usual_request());
  EXPECT_EQ(client->hear().end, KeEnd::kCloseNotify);
  EXPECT_FALSE(client->got_ticket());
}

TEST_F(KeTls, GarbageInsteadOfTls) {
  for (const std::string& text :
       {std::string{"GET / HTTP/1.0\r\n\r\n"}, std::string(5000, '\0'), std::string(20000, '\x16'),
        std::string{"\x16\x03\x01\xff\xff"}}) {
    const auto client = server_.client();
    client->send_raw(Octets(text.begin(), text.end()));
    client->half_close();
    std::array<char, 256> rest{};
    while (::recv(client->socket(), rest.data(), rest.size(), 0) > 0) {
    }
  }
  EXPECT_TRUE(server_.reaches(Count::kTlsFailures, 4));
  EXPECT_TRUE(server_.settles());
}

TEST_F(KeTls, GarbageAfterTheHandshake) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  client->send_raw(Octets(100, 0x17));
  EXPECT_EQ(client->hear().end, KeEnd::kAlert);
  EXPECT_TRUE(server_.reaches(Count::kTlsFailures, 1));
}

TEST_F(KeTls, CloseNotifyBeforeTheEndOfTheMessage) {
  for (const std::size_t sent : {0U, 1U, 4U, 15U}) {
    const auto client = server_.client();
    ASSERT_TRUE(client->handshake());
    client->send(test::slice(usual_request(), 0, sent));
    client->close_notify();
    // OpenSSL's client has closed and does not read any more: its octets are looked at below TLS.
    EXPECT_TRUE(server_.reaches(Count::kBadRequests, 1));
  }
  EXPECT_TRUE(server_.reaches(Count::kErrorsSent, 4));
}

TEST_F(KeTls, HalfCloseBeforeTheEndOfTheMessage) {
  for (const std::size_t sent : {0U, 1U, 4U, 15U}) {
    const auto client = server_.client();
    ASSERT_TRUE(client->handshake());
    client->send(test::slice(usual_request(), 0, sent));
    client->half_close();
    const auto heard = client->hear();
    EXPECT_EQ(text_of(heard), kBadRequest);
    EXPECT_EQ(heard.end, KeEnd::kCloseNotify);
    EXPECT_TRUE(client->ends_in_order());
  }
  EXPECT_TRUE(server_.reaches(Count::kErrorsSent, 4));
}

TEST_F(KeTls, HalfCloseBehindTheRequestIsFine) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  client->send(usual_request());
  client->half_close();
  EXPECT_TRUE(text_of(client->hear()).starts_with("c1:0000 c4:000f 5:"));
  EXPECT_TRUE(client->ends_in_order());
}

TEST_F(KeTls, CloseDuringTheHandshake) {
  server_.client()->half_close();
  const auto client = server_.client();
  client->send_raw({0x16, 0x03, 0x01});
  client->half_close();
  EXPECT_TRUE(client->ends_in_order());
  EXPECT_TRUE(server_.settles());
}

// Octets that nobody reads would turn the server's close into a reset, and that would destroy an
// answer on its way.
TEST_F(KeTls, AnswerSurvivesWhatTheClientStillSends) {
  for (int i = 0; i < 20; ++i) {
    const auto client = server_.client();
    ASSERT_TRUE(client->handshake());
    Octets flood = test::octets_of({test::record(true, 0x2345)});
    flood.resize(16000);
    client->send(flood);
    client->send(flood);
    client->send(flood);
    const auto heard = client->hear();
    EXPECT_EQ(text_of(heard), "c2:0000 c0:");
    EXPECT_EQ(heard.end, KeEnd::kCloseNotify);
  }
}

TEST_F(KeTls, KeyUpdates) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->update_keys());
  ASSERT_TRUE(client->send(usual_request()));
  EXPECT_TRUE(text_of(client->hear()).starts_with("c1:0000 c4:000f 5:"));
}

TEST_F(KeTls, EndlessInputIsCutOff) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  for (int i = 0; i < 100'000 && client->update_keys(); ++i) {
  }
  EXPECT_TRUE(server_.reaches(Count::kBadRequests, 1));
  EXPECT_TRUE(server_.settles());
}

// One segment brings the answer, close_notify and the end of the connection.
TEST_F(KeTls, AnswerLeavesInOneSegment) {
  const auto client = server_.client();
  ASSERT_TRUE(client->handshake());
  const auto segments = [&] {
    tcp_info info{};
    socklen_t length = sizeof info;
    getsockopt(client->socket(), IPPROTO_TCP, TCP_INFO, &info, &length);
    return std::pair{info.tcpi_data_segs_in, info.tcpi_segs_in};
  };
  const auto before = segments();
  ASSERT_TRUE(client->send(usual_request()));
  pollfd ready{.fd = client->socket(), .events = POLLRDHUP, .revents = 0};
  ASSERT_EQ(::poll(&ready, 1, 5000), 1);
  const auto after = segments();
  EXPECT_EQ(after.first - before.first, 1U);
  EXPECT_LE(after.second - before.second, 2U) << "an acknowledgement at most besides";
  const auto heard = client->hear();
  EXPECT_EQ(heard.octets.size(), 6U + 6U + 8 * 104U + 4U);
  EXPECT_EQ(heard.end, KeEnd::kCloseNotify);
  EXPECT_TRUE(client->ends_in_order());
}

}  // namespace
}  // namespace pollux::nts
