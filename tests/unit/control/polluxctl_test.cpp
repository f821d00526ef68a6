#include "control/cli/polluxctl.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "control/cli/client.h"
#include "control/service/control_socket.h"
#include "control/service/observe.h"
#include "tests/unit/control/config_text.h"
#include "tests/unit/control/polluxctl_run.h"
#include "tests/unit/control/sample_document.h"
#include "tests/unit/control/socket_peer.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::cli {
namespace {

using control::ControlServer;
using control::EventLoop;
using control::ObserveServer;
using control::TemporaryDirectory;
using std::chrono::milliseconds;

// Both sockets, served by a thread of their own.
class Daemon {
 public:
  Daemon(const std::filesystem::path& directory, std::string document)
      : observe_(ObserveServer::open(loop_, directory / "observe.sock",
                                     [text = std::move(document)] { return text; })
                     .value()),
        control_(ControlServer::open(loop_, directory / "control.sock",
                                     [](const std::string& verb, const nlohmann::json&) {
                                       return verb == "reload"
                                                  ? control::control_success("reloaded")
                                                  : control::control_failure("unknown verb");
                                     })
                     .value()),
        thread_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            loop_.run_once(milliseconds(10));
          }
        }) {}

 private:
  EventLoop loop_;
  std::unique_ptr<ObserveServer> observe_;
  std::unique_ptr<ControlServer> control_;
  std::jthread thread_;
};

TEST(Polluxctl, ShowsEachVerb) {
  const TemporaryDirectory directory;
  const Daemon daemon(directory.make("polluxd"), sample_document().dump());
  const std::string path = directory.path();
  for (const char* verb : {"status", "tracking", "sources", "serverstats", "workers", "ports"}) {
    const auto table = run({"--socket", path, verb});
    EXPECT_EQ(table.status, 0) << table.errors;
    EXPECT_FALSE(table.output.empty());
    const auto as_json = run({verb, "-o", "json", "--socket", path + "/polluxd/observe.sock"});
    EXPECT_EQ(as_json.status, 0) << as_json.errors;
    const std::string_view name{verb};
    const auto part = name == "status"                          ? sample_document()
                      : name == "tracking" || name == "sources" ? sample_document()["clock"]
                                                                : sample_document()[verb];
    EXPECT_EQ(nlohmann::json::parse(as_json.output), part);
  }
}

TEST(Polluxctl, DegradedGivesTwo) {
  const TemporaryDirectory directory;
  auto document = sample_document();
  document["state"] = "unsynchronised";
  const Daemon daemon(directory.make("polluxd"), document.dump());
  EXPECT_EQ(run({"--socket", directory.path(), "status"}).status, 2);
}

TEST(Polluxctl, Reload) {
  const TemporaryDirectory directory;
  const Daemon daemon(directory.make("polluxd"), "{}");
  const auto good = run({"--socket", directory.path(), "reload"});
  EXPECT_EQ(good.status, 0);
  EXPECT_EQ(good.output, "reloaded\n");
  const auto refused = send_request(directory.path() / "polluxd/control.sock", {{"verb", "other"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "unknown verb");
}

TEST(Polluxctl, NoDaemon) {
  const TemporaryDirectory directory;
  const auto none = run({"--socket", directory.path(), "status"});
  EXPECT_EQ(none.status, 1);
  EXPECT_EQ(none.errors,
            "polluxctl: no socket at " + directory.path().string() +
                "/polluxd/observe.sock: is polluxd running? (systemctl status polluxd)\n");
}

TEST(Polluxctl, GarbageAndSilence) {
  const TemporaryDirectory directory;
  for (const char* garbage : {"", "garbage", "[1]", "{\"a\":"}) {
    const Daemon daemon(directory.make("polluxd"), garbage);
    const auto outcome = run({"--socket", directory.path(), "status"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.errors.find("is not a JSON object: is that polluxd?"), std::string::npos);
    const auto reply =
        send_request(directory.path() / "polluxd/observe.sock", {{"verb", "reload"}});
    EXPECT_FALSE(reply);
  }
  EventLoop idle;
  const auto silent = ObserveServer::open(idle, directory.path() / "polluxd/observe.sock",
                                          [] { return std::string("{}"); });
  ASSERT_TRUE(silent);
  const auto document = fetch_document(directory.path() / "polluxd/observe.sock", milliseconds(50));
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().find("in time: polluxd is stuck or overloaded"), std::string::npos);
}

TEST(Polluxctl, FullQueueTimesOut) {
  const TemporaryDirectory directory;
  EventLoop idle;
  const auto path = directory.make("polluxd") / "observe.sock";
  const auto silent = ObserveServer::open(idle, path, [] { return std::string("{}"); });
  ASSERT_TRUE(silent);
  std::vector<control::UniqueFd> peers;
  constexpr int kMoreThanQueue = 33;
  peers.reserve(kMoreThanQueue);
  for (int i = 0; i < kMoreThanQueue; ++i) {
    peers.push_back(control::connect_peer(path));
  }
  const auto document = fetch_document(path, milliseconds(50));
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().find("in time"), std::string::npos);
}

TEST(Polluxctl, Validate) {
  const TemporaryDirectory directory;
  const std::string good = directory.write("good.toml", control::kFullText);
  const std::string bad = directory.write("bad.toml", "[ntp]\nport = 0\n");
  const auto valid = run({"validate", good});
  EXPECT_EQ(valid.status, 0);
  EXPECT_EQ(valid.output, good + ": good\n");
  const auto invalid = run({"validate", good, bad});
  EXPECT_EQ(invalid.status, 1);
  EXPECT_EQ(invalid.errors, bad + ":2: ntp.port: 0 is outside 1 to 65535\n");
}

TEST(Polluxctl, CommandLine) {
  EXPECT_EQ(run({"--help"}).status, 0);
  EXPECT_EQ(run({"--version"}).output, "polluxctl " POLLUX_VERSION "\n");
  for (const std::vector<std::string>& bad :
       std::vector<std::vector<std::string>>{{},
                                             {"nonsense"},
                                             {"status", "-o", "xml"},
                                             {"status", "-w", "0"},
                                             {"status", "extra"},
                                             {"nts"},
                                             {"nts", "nonsense"},
                                             {"nts", "rotate", "extra"},
                                             {"validate"}}) {
    const auto outcome = run(bad);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
  }
}

}  // namespace
}  // namespace pollux::cli
