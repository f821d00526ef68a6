// Many sessions: deadlines, caps, admission, exhaustion, reload and stop.
#include "nts/ke/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/nts/ke_fixture.h"

namespace pollux::nts {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::KeClient;
using test::KeEnd;
using test::usual_request;

bool gets_cookies(KeServer& server) {
  return test::records_of(server.ask(usual_request()).octets).size() == 11;
}

// A connection that the server has to take: some octets, and then nothing more.
std::unique_ptr<KeClient> idle_client(KeServer& server) {
  auto client = server.client();
  client->send_raw({0x16, 0x03, 0x01});
  return client;
}

// RFC 8915 §4.1.3: a bad request is also one that does not come.
TEST(KeServerTest, DeadlineOfARequest) {
  KeServer server{{.limits = {.deadline = 300ms}}};
  for (const std::size_t sent : {0U, 8U}) {
    const auto client = server.client();
    ASSERT_TRUE(client->handshake());
    client->send(test::slice(usual_request(), 0, sent));
    const auto begin = Clock::now();
    const auto heard = client->hear();
    EXPECT_EQ(test::to_text(test::records_of(heard.octets)), "c2:0001 c0:");
    EXPECT_EQ(heard.end, KeEnd::kCloseNotify);
    EXPECT_TRUE(client->ends_in_order());
    EXPECT_LT(Clock::now() - begin, 1s);
  }
  EXPECT_EQ(server.count(Count::kTimeouts), 2U);
  EXPECT_EQ(server.count(Count::kErrorsSent), 2U);
  EXPECT_EQ(server.count(Count::kBadRequests), 0U);
}

TEST(KeServerTest, DeadlineOfAHandshake) {
  KeServer server{{.limits = {.deadline = 300ms}}};
  const auto client = idle_client(server);
  const auto begin = Clock::now();
  EXPECT_TRUE(client->ends_in_order()) << "not a single octet";
  EXPECT_GT(Clock::now() - begin, 200ms);
  EXPECT_LT(Clock::now() - begin, 1s);
  EXPECT_TRUE(server.reaches(Count::kTimeouts, 1));
  EXPECT_EQ(server.count(Count::kErrorsSent), 0U);
}

// The deadline is that of the session: octets now and then do not put it off.
TEST(KeServerTest, DripDoesNotHoldASession) {
  KeServer server{{.limits = {.deadline = 400ms}}};
  const auto client = server.client();
  ASSERT_TRUE(client->handshake());
  const auto begin = Clock::now();
  while (server.count(Count::kTimeouts) == 0 && Clock::now() - begin < 5s) {
    client->send(test::octets_of({test::record(false, 0x3000)}));
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(Clock::now() - begin, 1s);
}

// A client that leaves its end open is not waited for any longer than Worker::kDrainTime.
TEST(KeServerTest, OpenEndsAreClosed) {
  KeServer server{{.limits = {.deadline = 10s}}};
  const auto client = server.client();
  ASSERT_TRUE(client->handshake());
  ASSERT_TRUE(client->send(usual_request()));
  EXPECT_EQ(client->hear().end, KeEnd::kCloseNotify);
  EXPECT_EQ(server.server().open_sessions(), 1U);
  EXPECT_TRUE(server.settles());
}

TEST(KeServerTest, CapRefusesWhileAllAreYoung) {
  KeServer server{{.limits = {.deadline = 60s, .connections = 3}}};
  std::vector<std::unique_ptr<KeClient>> idle;
  for (int i = 0; i < 3; ++i) idle.push_back(idle_client(server));
  EXPECT_TRUE(server.reaches(Count::kAccepted, 3));
  const auto refused = server.client();
  EXPECT_FALSE(refused->handshake());
  EXPECT_TRUE(server.reaches(Count::kRefusedConnections, 1));
  EXPECT_EQ(server.server().open_sessions(), 3U);
  idle.pop_back();
  EXPECT_TRUE(KeServer::soon([&] { return server.server().open_sessions() == 2; }));
  EXPECT_TRUE(gets_cookies(server));
}

// Connections on which nothing happens keep nobody out.
TEST(KeServerTest, IdleOnesGiveUpTheirPlace) {
  KeServer server{{.limits = {.deadline = 2s, .connections = 20}}};
  std::vector<std::unique_ptr<KeClient>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(idle_client(server));
  EXPECT_TRUE(server.reaches(Count::kAccepted, 20));
  std::this_thread::sleep_for(600ms);  // a quarter of the deadline
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(gets_cookies(server)) << i;
  EXPECT_EQ(server.count(Count::kRefusedConnections), 0U);
  EXPECT_GE(server.count(Count::kDisplaced), 1U);
  EXPECT_LE(server.server().open_sessions(), 20U);
}

TEST(KeServerTest, AdmissionComesBeforeTls) {
  KeServer server{{.limits = {.admission = {.sessions_per_address = 2, .address_interval = 1h}}}};
  EXPECT_TRUE(gets_cookies(server));
  EXPECT_TRUE(gets_cookies(server));
  const auto refused = server.client();
  EXPECT_FALSE(refused->handshake());
  EXPECT_TRUE(server.reaches(Count::kRefusedAdmission, 1));
  EXPECT_EQ(server.count(Count::kTlsFailures), 0U);
  server.server().apply(ServerLimits{.admission = {.sessions_per_address = 0}});
  EXPECT_TRUE(gets_cookies(server));
}

// While there are no descriptors nothing is accepted, and nothing spins; afterwards all goes on.
TEST(KeServerTest, DescriptorsRunOut) {
  KeServer server{};
  EXPECT_TRUE(gets_cookies(server));
  const auto client = server.client();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{.rlim_cur = 3, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  client->send_raw({0x16, 0x03, 0x01});
  EXPECT_TRUE(server.reaches(Count::kAcceptPauses, 1));
  const std::uint64_t before = server.count(Count::kAcceptPauses);
  std::this_thread::sleep_for(500ms);
  EXPECT_LE(server.count(Count::kAcceptPauses) - before, 6U);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_TRUE(server.reaches(Count::kAccepted, 2));
  EXPECT_TRUE(gets_cookies(server));
}

TEST(KeServerTest, SeveralWorkersShareTheClients) {
  KeServer server{{.addresses = {"127.0.0.1", "::1"}, .workers = 4}};
  std::vector<std::jthread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 25; ++n) good += gets_cookies(server) ? 1 : 0;
    });
  }
  clients.clear();
  EXPECT_EQ(good, 100);
  EXPECT_EQ(server.count(Count::kEstablished), 100U);
  EXPECT_TRUE(server.settles());
}

// Whatever is swapped underneath, each session gets its cookies.
TEST(KeServerTest, ReloadLosesNoSession) {
  KeServer server{{.workers = 2}};
  std::atomic<bool> done{false};
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      while (!done) (gets_cookies(server) ? good : bad)++;
    });
  }
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto certificate = Certificate::load(
        write_files(server.directory(), test::make_certificate({.common_name = "new"})));
    ASSERT_TRUE(certificate);
    server.context().certificate = *certificate;
    server.context().ring = known_ring(i * 4);
    server.apply();
    std::this_thread::sleep_for(10ms);
  }
  done = true;
  clients.clear();
  EXPECT_GT(good, 20);
  EXPECT_EQ(bad, 0);
  const auto client = server.client();
  ASSERT_TRUE(client->handshake());
  EXPECT_EQ(client->subject(), "/CN=new");
}

TEST(KeServerTest, StopsSoonAndLetsSessionsEnd) {
  auto server = std::make_unique<KeServer>();
  const auto idle = idle_client(*server);
  const auto quick = server->client();
  ASSERT_TRUE(quick->handshake());
  EXPECT_TRUE(server->reaches(Count::kAccepted, 2));
  std::jthread later{[&] {
    std::this_thread::sleep_for(50ms);
    quick->send(usual_request());
  }};
  const auto begin = Clock::now();
  server->server().stop();
  EXPECT_LT(Clock::now() - begin, 900ms);
  EXPECT_EQ(test::records_of(quick->hear().octets).size(), 11U);
}

TEST(KeServerTest, ErrorsOfTheSockets) {
  KeServer running;
  const auto error = [&](const std::vector<std::string>& addresses, std::uint16_t port) {
    const ServerSettings settings{.addresses = addresses, .port = port, .make_aead = [] {
                                    return std::make_unique<OpenAead>();
                                  }};
    const auto server = Server::open(settings);
    return server ? "" : server.error();
  };
  const std::string port = std::to_string(running.server().port());
  EXPECT_EQ(error({"127.0.0.1"}, running.server().port()),
            "cannot listen at 127.0.0.1, TCP port " + port + ": Address already in use");
  EXPECT_EQ(error({"192.0.2.1"}, 0),
            "cannot listen at 192.0.2.1, TCP port 0: Cannot assign requested address");
  EXPECT_EQ(error({"localhost"}, 0), "localhost is no IPv4 or IPv6 address");
  EXPECT_EQ(error({"127.0.0.1"}, 0), "");
}

}  // namespace
}  // namespace pollux::nts
