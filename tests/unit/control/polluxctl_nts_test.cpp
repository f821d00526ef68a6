// The verbs of polluxctl nts, against sockets of both programs.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/service/control_socket.h"
#include "control/service/observe.h"
#include "tests/unit/control/polluxctl_run.h"
#include "tests/unit/control/sample_document.h"
#include "tests/unit/control/sample_ke_document.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

// Sockets that a thread of their own serves; those that are not asked for are not there.
class Programs {
 public:
  explicit Programs(const std::filesystem::path& directory) : directory_{directory} {
    for (const char* own : {"polluxd", "pollux-ke"})
      std::filesystem::create_directory(directory_ / own);
  }

  void polluxd(const json& document) { serve("polluxd/observe.sock", document); }
  void pollux_ke(const json& document) {
    serve("pollux-ke/observe.sock", document);
    control_ = control::ControlServer::open(
                   loop_, directory_ / "pollux-ke/control.sock",
                   [this](const std::string& verb, const json&) {
                     asked_.push_back(verb);
                     return verb == "rotate" ? control::control_failure("another host does that")
                                             : control::control_success("reloaded");
                   })
                   .value();
  }
  void start() {
    thread_ = std::jthread{[this](const std::stop_token& stop) {
      while (!stop.stop_requested()) loop_.run_once(std::chrono::milliseconds{10});
    }};
  }
  std::vector<std::string> asked() {
    thread_ = {};
    return asked_;
  }

 private:
  void serve(const char* name, const json& document) {
    servers_.push_back(
        control::ObserveServer::open(loop_, directory_ / name, [text = document.dump()] {
          return text;
        }).value());
  }

  std::filesystem::path directory_;
  control::EventLoop loop_;
  std::vector<std::unique_ptr<control::ObserveServer>> servers_;
  std::unique_ptr<control::ControlServer> control_;
  std::vector<std::string> asked_;
  std::jthread thread_;
};

class PolluxctlNts : public testing::Test {
 protected:
  Outcome nts(std::vector<std::string> words) {
    words.insert(words.begin(), {"--socket", directory_.path(), "nts"});
    return run(words);
  }
  [[nodiscard]] std::string no_ke() const {
    return "polluxctl: no socket at " + directory_.path().string() +
           "/pollux-ke/observe.sock: is pollux-ke running? (systemctl status pollux-ke)\n";
  }

  control::TemporaryDirectory directory_;
  Programs programs_{directory_.path()};
};

TEST_F(PolluxctlNts, ShowsBoth) {
  programs_.polluxd(sample_document());
  programs_.pollux_ke(sample_ke_document());
  programs_.start();
  const auto status = nts({"status"});
  EXPECT_EQ(status.status, 0) << status.errors;
  EXPECT_TRUE(status.output.starts_with("pollux-ke 0.1.0")) << status.output;
  const auto keys = nts({"keys"});
  EXPECT_EQ(keys.status, 0) << keys.errors;
  EXPECT_TRUE(keys.output.starts_with("Key       pollux-ke  polluxd")) << keys.output;
  EXPECT_EQ(json::parse(nts({"status", "-o", "json"}).output),
            (json{{"ke", sample_ke_document()}, {"polluxd", sample_document()["nts"]}}));
  EXPECT_EQ(
      json::parse(nts({"-o", "json", "keys"}).output),
      (json{{"ke", sample_ke_document()["keys"]}, {"polluxd", sample_document()["nts"]["keys"]}}));
}

TEST_F(PolluxctlNts, DegradedGivesTwo) {
  auto polluxd = sample_document();
  polluxd["nts"]["keys"][2]["id"] = "12345678";
  programs_.polluxd(polluxd);
  programs_.pollux_ke(sample_ke_document());
  programs_.start();
  EXPECT_EQ(nts({"status"}).status, 2);
  EXPECT_EQ(nts({"keys"}).status, 2);
}

// A host that gives out keys only, for servers elsewhere.
TEST_F(PolluxctlNts, WithoutPolluxd) {
  programs_.pollux_ke(sample_ke_document());
  programs_.start();
  const auto status = nts({"status"});
  EXPECT_EQ(status.status, 0);
  EXPECT_TRUE(status.output.contains("polluxd       no socket at ")) << status.output;
  EXPECT_EQ(json::parse(nts({"status", "-o", "json"}).output),
            (json{{"ke", sample_ke_document()}, {"polluxd", nullptr}}));
  EXPECT_EQ(nts({"keys"}).status, 0);
}

// A host that only answers NTP; the keys come from elsewhere.
TEST_F(PolluxctlNts, WithoutPolluxKe) {
  programs_.polluxd(sample_document());
  programs_.start();
  const auto status = nts({"status"});
  EXPECT_EQ(status.status, 1);
  EXPECT_EQ(status.output, "");
  EXPECT_EQ(status.errors, no_ke());
  const auto keys = nts({"keys"});
  EXPECT_EQ(keys.status, 1);
  EXPECT_EQ(keys.errors, no_ke());
  EXPECT_TRUE(keys.output.contains("9E919B6E  -          current")) << keys.output;
  EXPECT_EQ(json::parse(nts({"keys", "-o", "json"}).output),
            (json{{"ke", nullptr}, {"polluxd", sample_document()["nts"]["keys"]}}));
  EXPECT_EQ(nts({"rotate"}).status, 1);
}

TEST_F(PolluxctlNts, WithoutAnybody) {
  for (const char* verb : {"status", "keys"}) {
    const auto outcome = nts({verb});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, no_ke());
  }
}

TEST_F(PolluxctlNts, AsksPolluxKe) {
  programs_.pollux_ke(sample_ke_document());
  programs_.start();
  const auto reload = nts({"reload"});
  EXPECT_EQ(reload.status, 0);
  EXPECT_EQ(reload.output, "reloaded\n");
  const auto rotate = nts({"rotate"});
  EXPECT_EQ(rotate.status, 1);
  EXPECT_EQ(rotate.errors, "polluxctl: another host does that\n");
  EXPECT_EQ(programs_.asked(), (std::vector<std::string>{"reload", "rotate"}));
}

}  // namespace
}  // namespace pollux::cli
