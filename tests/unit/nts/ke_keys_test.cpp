// The keys inside the cookies are those that the client exports.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/unit/nts/ke_fixture.h"

namespace pollux::nts {
namespace {

using test::Octets;
using test::record;

struct Row {
  std::vector<test::KeRecord> request;
  std::uint16_t context;  // the algorithm's number in the exporter's context
  std::size_t key_length;
};

// RFC 8915 §4.3, §5.1; AEAD 30 without record 1024 as the first clients of it had it.
TEST(KeKeys, AreThoseOfTheExporter) {
  KeServer server;
  const auto ntpv4 = record(true, 1, {0});
  const auto end = record(true, 0);
  for (const Row& row : {Row{{ntpv4, record(true, 4, {15}), end}, 15, 32},
                         Row{{ntpv4, record(true, 4, {15}), record(false, 1024), end}, 15, 32},
                         Row{{ntpv4, record(true, 4, {30}), end}, 15, 16},
                         Row{{ntpv4, record(true, 4, {30}), record(false, 1024), end}, 30, 16}}) {
    const auto client = server.client();
    ASSERT_TRUE(client->handshake());
    ASSERT_TRUE(client->send(octets_of(row.request)));
    const auto answer = client->hear();
    Octets keys = client->exported(row.context, 0, row.key_length);
    test::put(keys, client->exported(row.context, 1, row.key_length));
    std::set<std::string> nonces;
    for (const auto& one : test::records_of(answer.octets)) {
      if (one.type != 5) continue;
      EXPECT_EQ(test::get(one.body, 0, 4), 0x11223342U);
      nonces.insert(test::to_hex(test::slice(one.body, 4, 16)));
      EXPECT_EQ(test::slice(one.body, 36, one.body.size() - 36), keys);
    }
    EXPECT_EQ(nonces.size(), 8U) << "a nonce twice";
  }
}

// Both hash lengths of TLS 1.3, both groups, IPv6.
TEST(KeKeys, WithEveryCipherSuiteAndGroup) {
  KeServer server{{.addresses = {"127.0.0.1", "::1"}}};
  for (const char* suite :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    for (const char* groups : {"X25519", "P-256", "P-384:P-256"}) {
      const auto client = server.client({.groups = groups, .cipher_suites = suite}, "::1");
      ASSERT_TRUE(client->handshake()) << suite << ' ' << groups << ' ' << client->reason();
      EXPECT_EQ(client->cipher(), suite);
      ASSERT_TRUE(client->send(test::usual_request()));
      const auto records = test::records_of(client->hear().octets);
      ASSERT_EQ(records.size(), 11U);
      EXPECT_EQ(test::slice(records[2].body, 36, 32), client->exported(15, 0, 32));
    }
  }
  const auto client = server.client();
  ASSERT_TRUE(client->handshake());
  EXPECT_EQ(client->cipher(), "TLS_AES_128_GCM_SHA256") << "the server has the choice";
}

}  // namespace
}  // namespace pollux::nts
