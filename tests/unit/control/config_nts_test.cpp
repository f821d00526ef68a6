// The sections [nts] and [ke], and what each program needs of the one file.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/config/config.h"
#include "tests/unit/control/config_text.h"

namespace pollux::control {
namespace {

constexpr const char* kCertificate =
    "[ke]\ncertificate = \"/etc/pollux/chain.pem\"\nprivate_key = \"/etc/pollux/key.pem\"\n";

TEST(ConfigNts, FullExample) {
  const auto config = parse(kFullText);
  ASSERT_TRUE(config) << errors_of(config);
  EXPECT_TRUE(config->nts.enabled);
  EXPECT_EQ(config->nts.key_file, "/run/keys");
  EXPECT_EQ(config->nts.key_group, "pollux");
  EXPECT_EQ(config->nts.rotate, std::chrono::hours{36});
  EXPECT_EQ(config->nts.aead, NtsAead::kIpsecMb);
  const KeConfig& ke = config->ke;
  ASSERT_EQ(ke.listen.size(), 2U);
  EXPECT_EQ(to_string(ke.listen[0]), "192.0.2.1");
  EXPECT_EQ(to_string(ke.listen[1]), "2001:db8::1");
  EXPECT_EQ(ke.port, 4461);
  EXPECT_EQ(ke.certificate, "/etc/pollux/chain.pem");
  EXPECT_EQ(ke.private_key, "/etc/pollux/key.pem");
  EXPECT_EQ(ke.workers, 2);
  EXPECT_EQ(ke.deadline_ms, 5000U);
  EXPECT_EQ(ke.connections, 100U);
  EXPECT_EQ(ke.cookies, 4);
  EXPECT_EQ(ke.ntp_server, "ntp.example");
  EXPECT_EQ(ke.ntp_port, 1123);
  EXPECT_EQ(ke.sessions_per_address, 0U);
  EXPECT_EQ(ke.address_interval_ms, 1000U);
  EXPECT_EQ(ke.sessions_per_second, 50U);
  EXPECT_EQ(ke.user, "pollux-ke");
}

TEST(ConfigNts, Defaults) {
  const auto config = parse(kSmallText);
  ASSERT_TRUE(config) << errors_of(config);
  EXPECT_FALSE(config->nts.enabled);
  EXPECT_EQ(config->nts.rotate, std::chrono::days{7});
  EXPECT_EQ(config->nts.aead, NtsAead::kAuto);
  ASSERT_EQ(config->ke.listen.size(), 2U);
  EXPECT_EQ(to_string(config->ke.listen[0]), "0.0.0.0");
  EXPECT_EQ(to_string(config->ke.listen[1]), "::");
  EXPECT_TRUE(config->ke.certificate.empty());
}

TEST(ConfigNts, Rotation) {
  const auto rotation = [](const std::string& text) {
    const auto config = parse("[nts]\nrotate = \"" + text + "\"\n" + std::string(kSmallText));
    EXPECT_TRUE(config) << errors_of(config);
    return config ? config->nts.rotate : std::chrono::seconds{-1};
  };
  EXPECT_EQ(rotation("never"), std::nullopt);
  EXPECT_EQ(rotation("1s"), std::chrono::seconds{1});
  EXPECT_EQ(rotation("365d"), std::chrono::days{365});
}

TEST(ConfigNts, NtpServers) {
  const auto errors = [](const std::string& server) {
    return errors_of(parse("[ke]\nntp_server = \"" + server + "\"\n" + std::string(kSmallText)));
  };
  for (const char* server : {"192.0.2.1", "2001:db8::1", "a", "ntp-1.example.org.", "1.example"}) {
    EXPECT_EQ(errors(server), "") << server;
  }
  const std::string long_label(64, 'a');
  std::string long_name = "a";
  while (long_name.size() < 256) long_name += ".a";
  for (const std::string& server : std::vector<std::string>{
           "ntp example", "-a.example", "a-", "a..b", ".", "192.0.2.256", "192.0.2.1:123",
           "224.0.1.1", "[2001:db8::1]", "fe80::1%eth0", long_label, long_name}) {
    EXPECT_TRUE(errors(server).starts_with("a.toml:2: ke.ntp_server: '")) << server;
  }
}

struct BadText {
  const char* text;
  const char* error;  // the beginning of one of the errors
};

constexpr BadText kBad[] = {
    {"[nts]\nrotate = \"7w\"\n",
     "a.toml:2: nts.rotate: '7w' is neither 'never' nor a number with its unit, s, m, h or d"},
    {"[nts]\nrotate = 7\n", "a.toml:2: nts.rotate: expected a string, found an integer"},
    {"[nts]\nrotate = \"0s\"\n", "a.toml:2: nts.rotate: 0s is outside 1s to 365d"},
    {"[nts]\nrotate = \"366d\"\n", "a.toml:2: nts.rotate: 366d is outside 1s to 365d"},
    {"[nts]\nkey_file = \"keys\"\n", "a.toml:2: nts.key_file: 'keys' does not begin with /"},
    {"[nts]\nkey_file = \"none\"\n", "a.toml:2: nts.key_file: 'none' does not begin with /"},
    {"[nts]\nkey_file = \"/run/\"\n", "a.toml:2: nts.key_file: '/run/' is no file"},
    {"[nts]\naead = \"fast\"\n",
     "a.toml:2: nts.aead: 'fast' is not one of auto, lockstep, ipsec-mb, reference"},
    {"[nts]\nkey_group = \"\"\n", "a.toml:2: nts.key_group is empty"},
    {"[nts]\nenable = true\n", "a.toml:2: unknown key 'enable' in [nts], did you mean 'enabled'?"},
    {"[ke]\ncertificate = \"/a\"\n", "a.toml:2: ke.certificate needs ke.private_key too"},
    {"[ke]\nprivate_key = \"/a\"\n", "a.toml:2: ke.private_key needs ke.certificate too"},
    {"[ke]\ncertificate = \"a\"\nprivate_key = \"/b\"\n",
     "a.toml:2: ke.certificate: 'a' does not begin with /"},
    {"[ke]\nlisten = []\n", "a.toml:2: ke.listen: at least one address is needed"},
    {"[ke]\nlisten = [\"::\",\n\"eth0\"]\n",
     "a.toml:3: ke.listen: 'eth0' is not an IPv4 or IPv6 address"},
    {"[ke]\nlisten = [\"ff02::1\"]\n", "a.toml:2: ke.listen: 'ff02::1' is no address of one host"},
    {"[ke]\nlisten = [\"::1\", \"0::1\"]\n", "a.toml:2: ke.listen: an address is there twice"},
    {"[ke]\ncookies = 0\n", "a.toml:2: ke.cookies: 0 is outside 1 to 8"},
    {"[ke]\ncookies = 9\n", "a.toml:2: ke.cookies: 9 is outside 1 to 8"},
    {"[ke]\ndeadline_ms = 99\n", "a.toml:2: ke.deadline_ms: 99 is outside 100 to 60000"},
    {"[ke]\nconnections = 0\n", "a.toml:2: ke.connections: 0 is outside 1 to 65535"},
    {"[ke]\nworkers = 65\n", "a.toml:2: ke.workers: 65 is outside 1 to 64"},
};

TEST(ConfigNts, BadSections) {
  for (const BadText& bad : kBad) {
    const auto config = parse(std::string(bad.text) + std::string(kSmallText));
    ASSERT_FALSE(config) << bad.text;
    EXPECT_NE(errors_of(config).find(bad.error), std::string::npos)
        << bad.text << "gave\n"
        << errors_of(config) << "instead of\n"
        << bad.error;
  }
}

TEST(ConfigNts, NeedsOfTheProgram) {
  const std::string port{kSmallText};
  EXPECT_TRUE(parse(port, Program::kPolluxd));
  EXPECT_TRUE(parse(kCertificate, Program::kPolluxKe));
  EXPECT_TRUE(parse(port, Program::kAny));
  EXPECT_TRUE(parse(kCertificate, Program::kAny));
  EXPECT_EQ(errors_of(parse(kCertificate, Program::kPolluxd)),
            "a.toml: no [[port]] is given, at least one is needed\n");
  EXPECT_EQ(errors_of(parse(port, Program::kPolluxKe)),
            "a.toml: ke.certificate and ke.private_key are not given, pollux-ke needs them\n");
  EXPECT_EQ(errors_of(parse("[nts]\nenabled = true\n", Program::kAny)),
            "a.toml: no [[port]] is given, at least one is needed\n");
}

TEST(ConfigNts, ReloadsByProgram) {
  const auto running = parse(kFullText);
  ASSERT_TRUE(running) << errors_of(running);
  Config wanted = *running;
  wanted.nts.rotate.reset();
  wanted.ke.certificate = wanted.ke.private_key = "/b.pem";
  wanted.ke.cookies = 1;
  wanted.ke.ntp_server = "192.0.2.2";
  wanted.ke.ntp_port = 1;
  wanted.ke.deadline_ms = 100;
  wanted.ke.connections = 1;
  wanted.ke.sessions_per_address = wanted.ke.sessions_per_second = 1;
  wanted.ke.address_interval_ms = 1;
  EXPECT_TRUE(restart_required(*running, wanted, Program::kPolluxKe).empty());

  wanted.ntp.port = 5;
  wanted.ports.pop_back();
  wanted.nts.key_file = "/b";
  wanted.nts.aead = NtsAead::kReference;
  wanted.ke.listen.pop_back();
  wanted.ke.user.clear();
  using Names = std::vector<std::string>;
  EXPECT_EQ(restart_required(*running, wanted, Program::kPolluxKe),
            (Names{"nts.key_file", "nts.aead", "ke.listen", "ke.user"}));
  EXPECT_EQ(restart_required(*running, wanted, Program::kPolluxd),
            (Names{"ntp.port", "nts.key_file", "nts.aead", "port"}));
  EXPECT_EQ(restart_required(*running, wanted, Program::kAny),
            (Names{"ntp.port", "nts.key_file", "nts.aead", "ke.listen", "ke.user", "port"}));
}

}  // namespace
}  // namespace pollux::control
