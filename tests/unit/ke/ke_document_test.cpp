#include "control/ke/ke_document.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/support/pem_certificate.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::ke {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class KeDocument : public testing::Test {
 protected:
  static nts::KeyRing make_ring() {
    std::array<nts::CookieKey, nts::kRingKeys> keys;
    for (std::uint32_t i = 0; i < nts::kRingKeys; ++i) {
      keys[i].id = 0xabcdef00 + i;
      keys[i].key.fill(std::byte{0x5a});
    }
    return *nts::KeyRing::from_keys(keys);
  }

  std::shared_ptr<const nts::Certificate> make(std::chrono::seconds ends) {
    const auto pem = test::make_certificate({.ends = ends});
    const nts::CertificateFiles files{directory_.write("chain.pem", pem.chain),
                                      directory_.write("key.pem", pem.key)};
    ::chmod(files.private_key.c_str(), 0600);
    return *nts::Certificate::load(files);
  }

  KeInput input(const nts::Certificate& certificate) {
    return {.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
            .started = std::chrono::sys_seconds{1'700'000'000s},
            .uptime_seconds = 1.5,
            .certificate = certificate,
            .counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
            .open_sessions = 13,
            .workers = 2,
            .keys = {.file = "/keys",
                     .ring = &ring_,
                     .rotate = std::chrono::days{7},
                     .age_seconds = 86400,
                     .next_rotation_seconds = 518400}};
  }

  control::TemporaryDirectory directory_;
  nts::KeyRing ring_ = make_ring();
};

TEST_F(KeDocument, AllIsWell) {
  const auto certificate = make(30 * 24h + 1h);
  const json document = ke_document(input(*certificate));
  EXPECT_EQ(document["state"], "serving");
  EXPECT_EQ(document["status"], "serving; certificate good for 30 more days, key ABCDEF02");
  EXPECT_TRUE(document["warnings"].empty());
  EXPECT_EQ(document["started"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(document["uptime_s"], 1.5);
  EXPECT_EQ(document["open_sessions"], 13);
  EXPECT_EQ(document["workers"], 2);
  EXPECT_EQ(document["system_call_filter"], true);
  EXPECT_EQ(document["certificate"]["subject"], "CN=ke.example");
  EXPECT_EQ(document["certificate"]["names"], (json{"ke.example", "127.0.0.1"}));
  EXPECT_EQ(document["certificate"]["days_left"], 30);
  EXPECT_EQ(document["certificate"]["file"], (directory_.path() / "chain.pem").string());
  EXPECT_EQ(document["rotation"]["rotate"], "7d");
  EXPECT_EQ(document["rotation"]["next_in_s"], 518400);
}

// The order of nts::Count.
TEST_F(KeDocument, Sessions) {
  const auto certificate = make(30 * 24h);
  EXPECT_EQ(ke_document(input(*certificate))["sessions"], (json{{"accepted", 1},
                                                                {"established", 2},
                                                                {"refused_admission", 3},
                                                                {"refused_connections", 4},
                                                                {"displaced", 5},
                                                                {"timeouts", 6},
                                                                {"tls_failures", 7},
                                                                {"bad_requests", 8},
                                                                {"errors_sent", 9},
                                                                {"no_common_aead", 10},
                                                                {"cookies", 11},
                                                                {"accept_pauses", 12}}));
}

TEST_F(KeDocument, KeysWithoutTheirOctets) {
  const auto certificate = make(30 * 24h);
  const json document = ke_document(input(*certificate));
  EXPECT_EQ(document["keys"][2],
            (json{{"id", "ABCDEF02"}, {"use", "current"}, {"age_s", 86400.0}}));
  EXPECT_EQ(document["keys"][3], (json{{"id", "ABCDEF03"}, {"use", "next"}, {"age_s", nullptr}}));
  EXPECT_EQ(document.dump().find("5a5a"), std::string::npos);
}

TEST_F(KeDocument, CertificateRunsOut) {
  struct Row {
    std::chrono::seconds ends;
    long days_left;
    std::string warning;
  };
  for (const Row& row :
       {Row{7 * 24h + 1h, 7, ""}, Row{7 * 24h - 1h, 6, "expires in less than 7 days"},
        Row{1h, 0, "expires in less than 1 day"}, Row{-1h, -1, "the certificate expired on 2"}}) {
    const auto certificate = make(row.ends);
    const json document = ke_document(input(*certificate));
    EXPECT_EQ(document["certificate"]["days_left"], row.days_left);
    EXPECT_EQ(document["state"], row.warning.empty() ? "serving" : "degraded") << row.days_left;
    if (row.warning.empty()) continue;
    const std::string warning = document["warnings"][0];
    EXPECT_NE(warning.find(row.warning), std::string::npos) << warning;
    EXPECT_EQ(document["status"], "degraded: " + warning);
  }
}

TEST_F(KeDocument, TroublesDegradeAndNotesDoNot) {
  const auto certificate = make(30 * 24h);
  KeInput with = input(*certificate);
  with.filter_trouble = "no filter";
  json document = ke_document(with);
  EXPECT_EQ(document["state"], "serving");
  EXPECT_EQ(document["system_call_filter"], false);
  EXPECT_EQ(document["warnings"], json{"no filter"});
  with.certificate_trouble = "bad certificate";
  with.keys.trouble = "bad keys";
  document = ke_document(with);
  EXPECT_EQ(document["state"], "degraded");
  EXPECT_EQ(document["status"], "degraded: bad certificate");
  EXPECT_EQ(document["warnings"], (json{"bad certificate", "bad keys", "no filter"}));
}

}  // namespace
}  // namespace pollux::ke
