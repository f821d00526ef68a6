#include "control/service/control_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <stdexcept>
#include <vector>

#include "tests/unit/control/socket_peer.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class ControlSocket : public testing::Test {
 protected:
  void open(ControlLimits limits = {}) {
    auto opened = ControlServer::open(
        loop, path,
        [this](const std::string& verb, const json&) -> json {
          verbs.push_back(verb);
          if (verb == "throw") {
            throw std::runtime_error("it failed");
          }
          return control_success("did " + verb);
        },
        limits);
    ASSERT_TRUE(opened) << opened.error();
    server = std::move(*opened);
  }

  // The reply to one request.
  json ask(std::string_view request) {
    const auto peer = connect_peer(path);
    EXPECT_TRUE(send_all(peer, request));
    settle(loop);
    const auto received = receive_now(peer);
    EXPECT_TRUE(received.closed);
    return json::parse(received.text, nullptr, false);
  }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "control.sock";
  EventLoop loop;
  std::vector<std::string> verbs;
  std::unique_ptr<ControlServer> server;
};

TEST_F(ControlSocket, AnswersARequest) {
  open();
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0660U);
  EXPECT_EQ(ask("{\"verb\":\"reload\"}\n"), control_success("did reload"));
  EXPECT_EQ(verbs, std::vector<std::string>{"reload"});
}

TEST_F(ControlSocket, RequestInPieces) {
  open();
  const auto peer = connect_peer(path);
  for (const char letter : std::string_view(R"({"verb":"reload"})")) {
    EXPECT_TRUE(send_all(peer, std::string_view(&letter, 1)));
    settle(loop);
    EXPECT_FALSE(receive_now(peer).closed);
  }
  shutdown(peer.get(), SHUT_WR);  // as good as a newline
  settle(loop);
  EXPECT_EQ(json::parse(receive_now(peer).text), control_success("did reload"));
}

TEST_F(ControlSocket, GarbageGetsAnError) {
  open();
  const std::string deep(60'000, '[');
  for (const std::string& garbage :
       {std::string("\n"), std::string("reload\n"), std::string("{\"verb\":1}\n"),
        std::string("[]\n"), std::string("{}\n"), std::string("{\"verb\":\"\xff\"}\n"),
        std::string("\0\0\n", 3), deep + "\n", "{\"verb\":" + deep + "\n"}) {
    EXPECT_EQ(ask(garbage), control_failure("the request is not a JSON object with a verb"));
  }
  EXPECT_TRUE(verbs.empty());
}

TEST_F(ControlSocket, TooLongARequestGetsAnError) {
  open();
  EXPECT_EQ(ask(std::string(70'000, ' ')), control_failure("the request is too long"));
  EXPECT_EQ(ask(std::string(66'000, ' ') + "\n"), control_failure("the request is too long"));
}

TEST_F(ControlSocket, ThrowingHandlerGivesAnError) {
  open();
  EXPECT_EQ(ask("{\"verb\":\"throw\"}\n"), control_failure("it failed"));
}

TEST_F(ControlSocket, SilentPeersAreDroppedAndRoomIsBounded) {
  open({.clients = 2, .request_octets = 100, .patience = milliseconds(50)});
  const auto one = connect_peer(path);
  const auto two = connect_peer(path);
  EXPECT_TRUE(send_all(two, "{\"verb\":"));
  settle(loop);
  const auto three = connect_peer(path);
  settle(loop);
  EXPECT_EQ(json::parse(receive_now(three).text),
            control_failure("too many control connections, try again"));
  run_for(loop, milliseconds(100));
  EXPECT_TRUE(receive_now(one).closed);
  EXPECT_TRUE(receive_now(two).closed);
  EXPECT_EQ(ask("{\"verb\":\"reload\"}\n"), control_success("did reload"));
}

TEST_F(ControlSocket, VanishedPeersDoNotMatter) {
  open();
  for (int i = 0; i < 20; ++i) {
    connect_peer(path);
    settle(loop);
    send_all(connect_peer(path), "{\"verb\":\"reload\"}\n");
    settle(loop);
    send_all(connect_peer(path), "{\"ver");
  }
  settle(loop);
  EXPECT_EQ(ask("{\"verb\":\"reload\"}\n"), control_success("did reload"));
}

}  // namespace
}  // namespace pollux::control
