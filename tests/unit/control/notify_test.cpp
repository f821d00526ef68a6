#include "control/service/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "control/service/unique_fd.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::control {
namespace {

// NOLINTBEGIN(concurrency-mt-unsafe): one thread only changes the environment

TEST(Notify, HarmlessWithoutSystemd) {
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  Notify notify;
  notify.ready("good");
  notify.reloading();
  notify.watchdog();
  notify.stopping("over");
  EXPECT_FALSE(Notify::watchdog_timeout());
}

TEST(Notify, TellsSystemd) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "notify";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  ASSERT_TRUE(socket);
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const auto received = [&] {
    std::array<char, 512> text{};
    const ssize_t length = recv(socket.get(), text.data(), text.size(), 0);
    return std::string(text.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
  };
  Notify notify;
  notify.ready("good\nMAINPID=1");
  EXPECT_EQ(received(), "READY=1\nSTATUS=good?MAINPID=1");
  notify.status("other");
  EXPECT_EQ(received(), "STATUS=other");
  notify.status("other");
  EXPECT_EQ(received(), "");
  notify.reloading();
  EXPECT_TRUE(received().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  notify.watchdog();
  EXPECT_EQ(received(), "WATCHDOG=1");
  unsetenv("NOTIFY_SOCKET");
}

TEST(Notify, WatchdogTimeout) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(Notify::watchdog_timeout(), std::chrono::seconds(3));
  unsetenv("WATCHDOG_USEC");
}

// NOLINTEND(concurrency-mt-unsafe)

}  // namespace
}  // namespace pollux::control
