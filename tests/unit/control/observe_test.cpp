#include "control/service/observe.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <stdexcept>
#include <vector>

#include "tests/unit/control/socket_peer.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

using std::chrono::milliseconds;

class Observe : public testing::Test {
 protected:
  void open(ObserveLimits limits = {}) {
    auto opened = ObserveServer::open(
        loop, path,
        [this] {
          if (document.empty()) {
            throw std::runtime_error("no document");
          }
          return document;
        },
        limits);
    ASSERT_TRUE(opened) << opened.error();
    server = std::move(*opened);
  }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "observe.sock";
  EventLoop loop;
  std::string document = "{}";
  std::unique_ptr<ObserveServer> server;
};

TEST_F(Observe, GivesTheDocumentAndCloses) {
  open();
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0666U);
  for (int i = 0; i < 20; ++i) {
    const auto peer = connect_peer(path);
    settle(loop);
    const auto received = receive_now(peer);
    EXPECT_EQ(received.text, "{}\n");
    EXPECT_TRUE(received.closed);
  }
}

TEST_F(Observe, SlowReaderGetsAllOfALargeDocument) {
  document = std::string(4'000'000, 'x');
  open();
  const auto peer = connect_peer(path);
  std::string text;
  for (int i = 0; i < 1000 && text.size() <= document.size(); ++i) {
    settle(loop);
    text += receive_now(peer).text;
  }
  EXPECT_EQ(text, document + '\n');
}

TEST_F(Observe, ReaderThatDoesNotReadIsDropped) {
  document = std::string(4'000'000, 'x');
  open({.clients = 2, .patience = milliseconds(50)});
  const auto one = connect_peer(path);
  const auto two = connect_peer(path);
  const auto refused = connect_peer(path);
  settle(loop);
  EXPECT_TRUE(receive_now(refused).closed);
  run_for(loop, milliseconds(100));
  const auto received = receive_now(one);
  EXPECT_TRUE(received.closed);
  EXPECT_LT(received.text.size(), document.size());
  const auto next = connect_peer(path);
  settle(loop);
  EXPECT_FALSE(receive_now(next).closed);
}

TEST_F(Observe, VanishedReadersDoNotMatter) {
  document = std::string(4'000'000, 'x');
  open();
  for (int i = 0; i < 40; ++i) {
    connect_peer(path);  // gone before it is served
    const auto peer = connect_peer(path);
    settle(loop);  // gone when served in part
  }
  settle(loop);
  const auto peer = connect_peer(path);
  settle(loop);
  EXPECT_FALSE(receive_now(peer).text.empty());
}

TEST_F(Observe, WriterIsNotRead) {
  open();
  const auto peer = connect_peer(path);
  EXPECT_TRUE(send_all(peer, "GET / HTTP/1.1\n"));
  settle(loop);
  EXPECT_EQ(receive_now(peer).text, "{}\n");
}

TEST_F(Observe, FailingDocumentClosesTheClientOnly) {
  open();
  document.clear();
  const auto peer = connect_peer(path);
  settle(loop);
  EXPECT_TRUE(receive_now(peer).closed);
}

TEST_F(Observe, TakesThePlaceOfAStaleSocketAndRemovesItsOwn) {
  open();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path.string(), address.sun_path);
  const UniqueFd stale(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_TRUE(stale);
  ASSERT_EQ(bind(stale.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  open();
  const auto peer = connect_peer(path);
  settle(loop);
  EXPECT_EQ(receive_now(peer).text, "{}\n");
}

TEST_F(Observe, LeavesOtherFilesAlone) {
  directory.write("observe.sock", "precious");
  const auto opened = ObserveServer::open(loop, path, [] { return std::string("{}"); });
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), path.string() + " exists and is not a socket");
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST_F(Observe, LongNameIsRefused) {
  const auto opened = ObserveServer::open(loop, directory.path() / std::string(100, 'x'),
                                          [] { return std::string("{}"); });
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("too long"), std::string::npos);
}

}  // namespace
}  // namespace pollux::control
